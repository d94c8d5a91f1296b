/** Metrics compared with those of pyreft and lm-evaluation-harness on the texts and scores in ../shared. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type MetricSpec, numericMatch, regexMatch } from "refract";
import { chosenBy } from "../../../pipelines/metrics/choice_scores.ts";
import { measure } from "../../../pipelines/metrics/measure.ts";
import { metricNameOf } from "../../../pipelines/metrics/mod.ts";
import { sharedFolder } from "../../support/shared.ts";

const shared = sharedFolder();

/** A scored text, its label and whether it is correct. */
interface Case {
  readonly raw: string;
  readonly label: string;
  readonly correct: boolean;
}

async function readGolden<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(join(shared!, "tasks", "goldens", `${name}.json`)));
}

/** Whether a metric counts a text as correct. */
function isRight(spec: MetricSpec, { raw, label }: Case): boolean {
  const place = { file: "rows.jsonl", line: 1 };
  const rows = [{ prompt: "", completion: label, prediction: raw, fields: {}, place }];
  return measure([spec], { kind: "texts", rows }).metrics[metricNameOf(spec)] === 1;
}

// Whether a label is a plain number; Python's float() takes more than numericMatch().
const isPlain = ({ label }: Case) => /^\s*-?\d+(\.\d*)?\s*$/.test(label);

for (const task of ["gsm8k", "SVAMP", "mawps", "AddSub", "SingleEq", "MultiArith"]) {
  Deno.test({
    name: `numericMatch() agrees with pyreft: ${task}`,
    ignore: shared === undefined,
    async fn() {
      const { cases } = await readGolden<{ readonly cases: readonly Case[] }>(`pyreft.${task}`);
      const plain = cases.filter(isPlain);
      assert.ok(plain.length > 50);
      for (const each of plain) assert.equal(isRight(numericMatch(), each), each.correct, JSON.stringify(each));
    },
  });
}

Deno.test({
  name: "regexMatch() agrees with pyreft on AQuA",
  ignore: shared === undefined,
  async fn() {
    const { cases } = await readGolden<{ readonly cases: readonly Case[] }>("pyreft.AQuA");
    for (const each of cases.filter((each) => !isPlain(each))) {
      assert.equal(isRight(regexMatch(/A|B|C|D|E/), each), each.correct, JSON.stringify(each));
    }
  },
});

/** A document with sets of log-likelihoods, and the harness's metrics of each. */
interface Scored {
  readonly choices: readonly string[];
  readonly gold: number;
  readonly scored: readonly {
    readonly loglikelihoods: readonly number[];
    readonly acc: number;
    readonly acc_norm: number;
    readonly acc_bytes: number;
  }[];
}

Deno.test({
  name: "choices are compared as in lm-evaluation-harness, with ties going to the first",
  ignore: shared === undefined,
  async fn() {
    const { tasks } = await readGolden<
      { readonly tasks: Readonly<Record<string, { readonly docs: readonly Scored[] }>> }
    >(
      "lm_eval",
    );
    let count = 0;
    for (const { choices, gold, scored } of Object.values(tasks).flatMap(({ docs }) => docs)) {
      for (const { loglikelihoods: scores, acc, acc_norm, acc_bytes } of scored) {
        // chosenBy() returns a text, so choices with the same text count as the first of them.
        const rights = (["sum", "character", "byte"] as const).map((by) => {
          return Number(choices.indexOf(chosenBy(by, { choices, scores, choiceTokens: [] })) === gold);
        });
        assert.deepEqual(rights, [acc, acc_norm, acc_bytes], JSON.stringify([choices, scores]));
        count++;
      }
    }
    assert.ok(count > 150, String(count));
  },
});
