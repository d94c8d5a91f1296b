/**
 * `scoring: "lm-eval"` on SmolLM2, compared with the results of lm-evaluation-harness 0.4.13 for the documents in
 * ../shared: tokenization, and acc, acc_norm and acc_bytes with their standard errors; and each log-likelihood within
 * 1e-4 of the harness's on this machine, for which REFRACT_LM_EVAL_PYTHON names a Python that has lm_eval, torch and
 * transformers.
 *
 * In float32 a log-likelihood of forty tokens is off by 3e-4 to 8e-4 from float64, which partly depends on the
 * processor: the same torch differs by 4.4e-4 between two machines, so that the tolerance for those in ../shared is
 * 1e-3.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { baseModel, evaluate, pipeline, task, type TaskName } from "refract";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import type { Fields } from "../../pipelines/data/files/raw_row.ts";
import type { Prediction } from "../../pipelines/metrics/prediction.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { readGolden } from "../support/task_goldens.ts";
import { runIn } from "../support/trajectory.ts";

const shared = sharedFolder(), python = Deno.env.get("REFRACT_LM_EVAL_PYTHON");
if (python === undefined) {
  console.log("REFRACT_LM_EVAL_PYTHON is not set: log-likelihoods are those of another machine");
}

/** A document with the harness's results. */
interface Document {
  readonly doc: Fields;
  readonly requests: readonly (readonly [context: string, continuation: string])[];
  readonly measured: {
    readonly loglikelihoods: readonly number[];
    readonly tokens: readonly number[];
    readonly acc: number;
    readonly acc_norm: number;
    readonly acc_bytes: number;
  };
}

/** The log-likelihoods of documents' requests, computed by the harness on this machine. */
async function measuredHere(folder: string, model: string, documents: readonly Document[]) {
  const requests = join(folder, "requests.jsonl"), script = join(import.meta.dirname!, "choices_peer.py");
  await Deno.writeTextFile(requests, documents.map((each) => `${JSON.stringify(each.requests)}\n`).join(""));
  const { success, stdout, stderr } = await new Deno.Command(python!, { args: ["-B", script, model, requests] })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  return (JSON.parse(text) as { readonly documents: readonly (readonly number[])[] }).documents;
}

/** Tasks by the harness's names. */
const names: Readonly<Record<string, TaskName>> = {
  boolq: "boolq",
  piqa: "piqa",
  social_iqa: "social_i_qa",
  hellaswag: "hellaswag",
  winogrande: "winogrande",
  arc_easy: "ARC-Easy",
  arc_challenge: "ARC-Challenge",
  openbookqa: "openbookqa",
  race: "race",
};

/** The harness's standard error of a mean (`lm_eval/api/metrics.py`): the sample's deviation over the root of n. */
function standardError(values: readonly number[]): number {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / Math.sqrt(values.length);
}

Deno.test({
  name: `the choices of nine tasks on SmolLM2 have lm-evaluation-harness's tokens, log-likelihoods and accuracies`,
  ignore: shared === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const model = await smollm2Folder(shared!);
      const { tasks } = await readGolden<
        { readonly tasks: Readonly<Record<string, { readonly docs: readonly Document[] }>> }
      >("lm_eval");
      const stages = Object.entries(names).map(([theirs, name]) => ({ name, docs: tasks[theirs]!.docs }));
      for (const { name, docs } of stages) {
        await Deno.writeTextFile(
          join(folder, `${name}.jsonl`),
          docs.map(({ doc }) => `${JSON.stringify(doc)}\n`).join(""),
        );
      }
      const base = baseModel(model);
      const [member] = await runIn(
        folder,
        folder,
        pipeline("lm-eval", () => {
          return Object.fromEntries(stages.map(({ name }) => {
            const { evaluation } = task(name, { data: `./${name}.jsonl`, scoring: "lm-eval" });
            return [name, evaluate(base, { ...evaluation, batchSize: 4 })];
          }));
        }),
      );
      const here = python === undefined
        ? undefined
        : await measuredHere(folder, model, stages.flatMap(({ docs }) => docs));
      let worst = 0, count = 0, document = 0;
      for (const [at, stage] of ofKind(member!.stages, "evaluate").entries()) {
        const { name, docs } = stages[at]!;
        const lines = (await Deno.readTextFile(join(folder, "out", stage.predictions))).trim().split("\n");
        for (const [row, line] of lines.entries()) {
          const { scores = [], choiceTokens }: Prediction = JSON.parse(line), { measured } = docs[row]!;
          const found = here?.[document++];
          assert.deepEqual(choiceTokens, measured.tokens, `${name}, row ${row + 1}`);
          for (const [choice, score] of scores.entries()) {
            assert.ok(Math.abs(score - measured.loglikelihoods[choice]!) <= 1e-3, `${name}, row ${row + 1}`);
            if (found === undefined) continue;
            const difference = Math.abs(score - found[choice]!);
            assert.ok(difference <= 1e-4, `${name}, row ${row + 1}, choice ${choice + 1}: ${difference} off`);
            worst = Math.max(worst, difference);
            count++;
          }
        }
        for (const [metric, value] of Object.entries(stage.metrics)) {
          const theirs = docs.map(({ measured }) => measured[metric as "acc" | "acc_norm" | "acc_bytes"]);
          assert.equal(value, theirs.reduce((sum, each) => sum + each, 0) / theirs.length, `${name} ${metric}`);
          assert.ok(Math.abs(stage.standardErrors![metric]! - standardError(theirs)) < 1e-12, `${name} ${metric}`);
        }
      }
      console.log(`${count} log-likelihoods, the largest difference ${worst.toExponential(1)}`);
    }),
});
