/**
 * `scoring: "lm-eval"` on SmolLM2 against what lm-evaluation-harness 0.4.13 measured of the documents in ../shared: token
 * cuts, each log-likelihood within 1e-4, and acc, acc_norm and acc_bytes with their standard errors.
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

const shared = sharedFolder();

/** What the harness measured of a document. */
interface Document {
  readonly doc: Fields;
  readonly measured: {
    readonly loglikelihoods: readonly number[];
    readonly tokens: readonly number[];
    readonly acc: number;
    readonly acc_norm: number;
    readonly acc_bytes: number;
  };
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
      let worst = 0, count = 0;
      for (const [at, stage] of ofKind(member!.stages, "evaluate").entries()) {
        const { name, docs } = stages[at]!;
        const lines = (await Deno.readTextFile(join(folder, "out", stage.predictions))).trim().split("\n");
        for (const [row, line] of lines.entries()) {
          const { scores = [], choiceTokens }: Prediction = JSON.parse(line), { measured } = docs[row]!;
          assert.deepEqual(choiceTokens, measured.tokens, `${name}, row ${row + 1}`);
          for (const [choice, score] of scores.entries()) {
            const difference = Math.abs(score - measured.loglikelihoods[choice]!);
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
