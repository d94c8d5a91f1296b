/** Published tasks, run through the command line on the model that comes with Refract. @module */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ofKind } from "../../../pipelines/common/of_kind.ts";
import type { Results } from "../../../pipelines/results/results.ts";
import { inProcess } from "../../support/command.ts";
import { inFolder } from "../models/support.ts";

const asked = (words: string, answer: string) => ({
  instruction:
    `Please answer the following question with true or false, question: is ${words}?\n\nAnswer format: true/false`,
  answer,
});
const chosen = (words: string, answer: string) => ({
  instruction: `Please choose the correct answer to the question: ${words}\n\nAnswer1: x Answer2: y\n\n` +
    "Answer format: answer1/answer2",
  answer,
});

const files: Readonly<Record<string, readonly object[]>> = {
  "boolq.train.jsonl": [asked("the cat here", "true"), asked("a dog there", "false")],
  // The first is among the training rows, too, with other punctuation.
  "boolq.test.jsonl": [asked("The cat, here", "true"), asked("a cow there", "true")],
  "openbookqa.train.jsonl": [chosen("Red?", "answer1")],
  "openbookqa.test.jsonl": [chosen("Green?", "answer2")],
};

const pipelineText = `
import { adamw, baseModel, block, evaluate, loreft, pipeline, suite, train } from "refract";
export default pipeline("suite", () => {
  const commonsense = suite("commonsense", { data: ".", only: ["boolq", "openbookqa"], trainedOn: "mixed" });
  const edit = loreft({ at: block(1).output, positions: "l1", rank: 1 });
  const tuned = train(baseModel("builtin:tiny").with(edit), {
    data: commonsense.train, epochs: 1, batchSize: 4, optimizer: adamw({ learningRate: 1e-3 }),
  });
  return commonsense.evaluate(tuned);
});
`;

/** Runs a pipeline in a folder with the rows. */
async function run(
  text: string,
  command: "run" | "plan",
  test: (outcome: { code: number; stdout: string; stderr: string }, folder: string) => Promise<void> | void,
) {
  await inFolder(async (folder) => {
    for (const [name, rows] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    }
    const path = join(folder, "pipeline.ts"), places = ["--store", join(folder, "store")];
    await Deno.writeTextFile(path, text);
    const out = command === "run" ? ["--out", join(folder, "out")] : [];
    await test(await inProcess(command, path, "--json", ...places, ...out), folder);
  });
}

Deno.test("a suite's results have each task's metric, their average, and how many questions were trained on", () =>
  run(pipelineText, "run", async ({ code, stdout, stderr }, folder) => {
    assert.equal(code, 0, stderr);
    const { members: [member] }: Results = JSON.parse(stdout), [boolq, openbookqa] = ofKind(member!.stages, "evaluate");
    assert.deepEqual(boolq!.task, {
      ...{ suite: "commonsense", name: "boolq", scoring: "pyreft", metric: "pyreft", base: "builtin:tiny" },
      ...{ baseParameters: boolq!.task!.baseParameters, method: "loreft", parameters: 257, rows: 2, trained: 1 },
    });
    assert.equal(openbookqa!.task!.trained, 0);
    const value = (boolq!.metrics["pyreft"]! + openbookqa!.metrics["pyreft"]!) / 2;
    assert.deepEqual(member!.averages, [{
      suite: "commonsense",
      scoring: "pyreft",
      tasks: ["boolq", "openbookqa"],
      value,
    }]);
    assert.match(
      stderr,
      /boolq asks 1 of its 2 questions in the same words as rows that it trains on, ignoring punctuation/,
    );
    const table = await inProcess("report", join(folder, "out"), "--table", "markdown");
    assert.match(table.stdout, /\| ours \| loreft \| 0\.032 \|/);
    assert.match(await Deno.readTextFile(join(folder, "out", "report.html")), /Beside the paper/);
    // Folders with the same name are different experiments, not seeds of one.
    const [out, other] = [join(folder, "out"), join(folder, "other", "out")];
    await Deno.mkdir(other, { recursive: true });
    await Deno.copyFile(join(out, "results.json"), join(other, "results.json"));
    const both = await inProcess("report", `${out}/`, "--with", other, "--table", "markdown");
    const names = [...both.stdout.matchAll(/\| ours \| ([^|]*out) \|/g)].map(([, name]) => name);
    assert.deepEqual(names, [`${basename(folder)}/out`, "other/out"]);
    const twice = await inProcess("report", out, "--with", `${out}/.`, "--table", "markdown");
    assert.equal(twice.stderr, `error: ${out}: is given twice; give each run once\n`);
    const refused = await inProcess("report", join(folder, "out"), "--with", join(folder, "out"));
    assert.deepEqual([refused.code, refused.stderr], [
      2,
      "error: --with is for a table; add --table markdown or latex\n",
    ]);
  }));

/** The error line of a refused pipeline. */
async function refusalOf(text: string): Promise<string> {
  let line = "";
  await run(text, "plan", ({ code, stderr }, folder) => {
    assert.equal(code, 2, stderr);
    line = stderr.replaceAll(folder, "");
  });
  return line;
}

Deno.test("an encoder on a suite with text answers, and a question that exceeds the context, are refused in one line", async () => {
  const encoder = fileURLToPath(new URL("../../goldens/classification/roberta-number", import.meta.url));
  assert.match(
    await refusalOf(pipelineText.replace('"builtin:tiny"', JSON.stringify(encoder)).replace("block(1)", "block(0)")),
    /^error: .*the roberta model is bidirectional, so it can't generate text; use a decoder, or train a classification head\n$/,
  );
  const long = `${"very ".repeat(300)}late`;
  assert.match(
    await refusalOf(`
import { baseModel, evaluate, pipeline, records, task } from "refract";
const { evaluation } = task("boolq", { data: "./boolq.test.jsonl" });
const data = records([{ q: ${JSON.stringify(long)}, a: "true" }], { prompt: "{q}", completion: "{a}" });
export default pipeline("long", () => ({ answers: evaluate(baseModel("builtin:tiny"), { ...evaluation, data }) }));
`),
    /^error: records:1: the row has \d+ tokens, but the model reads at most 256; shorten the row, or let its .* cut/,
  );
});
