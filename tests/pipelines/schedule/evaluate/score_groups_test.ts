/** Choices after long prompts, which are computed once for all choices of a row. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { baseModel, block, choices, evaluate, loreft, loss, metric, pipeline, records } from "refract";
import { ofKind } from "../../../../pipelines/common/of_kind.ts";
import type { Prediction } from "../../../../pipelines/metrics/prediction.ts";
import { runIn } from "../../../support/trajectory.ts";
import { inFolder } from "../../models/support.ts";

const options = ["a red bird", "blue", "a green fish in the sea"];
/** Two of similar length, and two that run in separate batches. */
const questions = [["colour", 16], ["snake", 17], ["creature", 20], ["bird", 1]].map(([word, times]) =>
  `${`the ${word} is here. `.repeat(Number(times))}what colour?`
);
const template = { prompt: "{question}\n", completion: "{answer}" };

Deno.test("choices after long prompts have the same log-likelihoods as completions", () =>
  inFolder(async (folder) => {
    const base = baseModel("builtin:tiny");
    const models = {
      plain: base,
      last: base.with(loreft({ at: block("all").output, positions: "l2", rank: 2 })),
      // The edit affects these prompts from the first token on, so nothing can be shared.
      first: base.with(loreft({ at: block(0).output, positions: "f1+l1", rank: 2 })),
    };
    const asked = records(questions.map((question) => ({ question, answer: options[0], options })), template);
    const each = records(questions.flatMap((question) => options.map((answer) => ({ question, answer }))), template);
    const chosen = metric("length", { measure: (answer) => answer.length });
    const [member] = await runIn(
      folder,
      folder,
      pipeline("groups", () =>
        Object.fromEntries(
          Object.entries(models).flatMap(([name, model]) => [
            [`${name}-choices`, evaluate(model, { data: asked, decoding: choices("options"), metrics: [chosen] })],
            [`${name}-each`, evaluate(model, { data: each, metrics: [loss()] })],
          ]),
        )),
    );
    const stages = ofKind(member!.stages, "evaluate");
    const rowsOf = async (name: string): Promise<readonly Prediction[]> => {
      const { predictions } = stages.find((stage) => stage.name === name)!;
      const text = await Deno.readTextFile(join(folder, "out", predictions));
      return text.trim().split("\n").map((line) => JSON.parse(line));
    };
    for (const name of Object.keys(models)) {
      const scores = (await rowsOf(`${name}-choices`)).flatMap(({ scores = [] }) => scores);
      const losses = (await rowsOf(`${name}-each`)).map(({ loss }) => -loss!);
      assert.equal(scores.length, questions.length * options.length);
      scores.forEach((score, at) =>
        assert.ok(Math.abs(score - losses[at]!) < 1e-4, `${name} ${at}: ${score}, ${losses[at]}`)
      );
    }
  }));
