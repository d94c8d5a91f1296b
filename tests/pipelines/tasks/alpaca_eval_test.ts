/** AlpacaEval's statistics, compared with the library's own. @module */
import assert from "node:assert/strict";
import { lengthControlled, type LengthModel } from "../../../pipelines/tasks/alpaca_eval/length_controlled.ts";
import { rankedPreference, weightedPreference } from "../../../pipelines/tasks/alpaca_eval/preference.ts";
import { winRate } from "../../../pipelines/tasks/alpaca_eval/win_rate.ts";
import { readGolden, taskFolder } from "../../support/task_goldens.ts";

/** A number or NaN. */
type Golden = number | "nan";

interface AlpacaEval {
  readonly win_rate: readonly { readonly preferences: readonly number[]; readonly out: Record<string, Golden> }[];
  readonly logprob_parser: readonly {
    readonly top_logprobs: readonly (readonly [string, number])[];
    readonly weighted: Golden;
    readonly binary: Golden;
  }[];
  readonly ranking_parser: readonly (readonly [string, Golden])[];
  readonly length_controlled: readonly {
    readonly model: string;
    readonly glm: string;
    readonly out: Record<string, number>;
    readonly weights: Record<string, number>;
  }[];
  readonly annotations: Record<string, {
    readonly preference: readonly number[];
    readonly length_1: readonly number[];
    readonly length_2: readonly number[];
  }>;
  readonly instruction_difficulty: readonly number[];
  readonly gamed: readonly (readonly [preference: number, index: number, length: number])[];
}

const ignore = taskFolder === undefined;
const golden = () => readGolden<AlpacaEval>("alpaca_eval");

function assertClose(found: number, expected: Golden, tolerance: number, what: string): void {
  if (expected === "nan") return assert.ok(Number.isNaN(found), what);
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found} and not ${expected}`);
}

Deno.test({
  name: "win rates match AlpacaEval",
  ignore,
  async fn() {
    for (const { preferences, out } of (await golden()).win_rate) {
      for (const [name, value] of Object.entries(winRate(preferences))) {
        assertClose(value, out[name]!, 1e-9, `${name} of ${preferences}`);
      }
    }
  },
});

Deno.test({
  name: "a judge's answers are read as AlpacaEval reads them",
  ignore,
  async fn() {
    const { logprob_parser, ranking_parser } = await golden();
    for (const { top_logprobs, weighted, binary } of logprob_parser) {
      const found = weightedPreference(top_logprobs.map(([token, logprob]) => ({ token, logprob })));
      assertClose(found, weighted, 1e-12, JSON.stringify(top_logprobs));
      assertClose(Math.round(found), binary, 0, JSON.stringify(top_logprobs));
    }
    for (const [text, preference] of ranking_parser) assertClose(rankedPreference(text), preference, 0, text);
  },
});

Deno.test("the last entry of a token that is listed twice counts, and small probabilities are compared", () => {
  const of = (...listed: readonly (readonly [string, number])[]) =>
    weightedPreference(listed.map(([token, logprob]) => ({ token, logprob })));
  assert.equal(of(["m", 0], ["M", 0], ["m", -Infinity]), 2);
  assertClose(of(["m", -800], ["M", -800 - Math.log(3)]), 1.25, 1e-12, "small");
  assertClose(of(["both", -0.1]), "nan", 0, "neither");
});

Deno.test("a ranking is a whole Python literal", () => {
  const cases: readonly (readonly [string, Golden])[] = [
    [`[{"rank": 2, 'model': "model_1", "why": 'a, b: [c]',},]`, 2],
    ["({'model': 'M', 'rank': 2}, {'model': 'model_1', 'rank': 1.0})", 1],
    ["[{'model': 'model_1', 'rank': True}]", 1],
    ["({'model': 'model_1', 'rank': 1})", "nan"],
    ["[{'model': 'model_1', 'rank': 1}, {'rank': 2}]", "nan"],
    ["Here: [{'model': 'model_1', 'rank': 1}]", "nan"],
    ["[{'model': 'model_1', 'rank': '1'}]", "nan"],
    ["[,]", "nan"],
    ["", "nan"],
  ];
  for (const [text, preference] of cases) assertClose(rankedPreference(text), preference, 0, text);
});

Deno.test({
  name: "length-controlled win rates match AlpacaEval",
  ignore,
  async fn() {
    const { length_controlled, annotations, instruction_difficulty, gamed } = await golden();
    const models: Record<string, LengthModel> = {
      length_controlled_v1: {
        kind: "v1",
        gamed: gamed.map(([preference, index, lengthDifference]) => {
          return { preference, lengthDifference, difficulty: instruction_difficulty[index]! };
        }),
      },
      length_controlled_noreg: { kind: "noreg" },
      length_controlled_minimal: { kind: "minimal" },
    };
    for (const { model, glm, out, weights } of length_controlled) {
      const { preference, length_1, length_2 } = annotations[model]!;
      const comparisons = preference.map((each, at) => ({
        preference: each,
        length_1: length_1[at]!,
        length_2: length_2[at]!,
        difficulty: instruction_difficulty[at]!,
      }));
      const found = lengthControlled(comparisons, models[glm]!), what = `${model} by ${glm}`;
      assertClose(found.length_controlled_winrate, out["length_controlled_winrate"]!, 1e-9, what);
      assertClose(found.lc_standard_error, out["lc_standard_error"]!, 1e-9, what);
      Object.values(weights).forEach((weight, at) => assertClose(found.weights[at]!, weight, 1e-9, what));
    }
  },
});

/** Random comparisons, and the results of alpaca_eval 0.6.6 for them. */
interface Drawn {
  readonly preference: readonly (number | null)[];
  readonly length_1: readonly number[];
  readonly length_2: readonly number[];
  readonly difficulty: readonly number[];
  readonly gamed: AlpacaEval["gamed"];
  readonly rates: Readonly<Record<string, { length_controlled_winrate: number; lc_standard_error: number }>>;
}

Deno.test("length-controlled win rates of random comparisons match AlpacaEval", async () => {
  const path = new URL("../../goldens/length_controlled.json", import.meta.url);
  const { cases }: { readonly cases: readonly Drawn[] } = JSON.parse(await Deno.readTextFile(path));
  for (const [at, { preference, length_1, length_2, difficulty, gamed, rates }] of cases.entries()) {
    const comparisons = preference.map((each, row) => ({
      ...{ preference: each ?? NaN, length_1: length_1[row]!, length_2: length_2[row]! },
      difficulty: difficulty[row]!,
    }));
    const baselines = gamed.map(([preference, index, lengthDifference]) => {
      return { preference, lengthDifference, difficulty: difficulty[index]! };
    });
    const models: Record<string, LengthModel> = {
      length_controlled_v1: { kind: "v1", gamed: baselines },
      length_controlled_noreg: { kind: "noreg" },
      length_controlled_minimal: { kind: "minimal" },
    };
    for (const [name, rate] of Object.entries(rates)) {
      const found = lengthControlled(comparisons, models[name]!), what = `${name} of case ${at}`;
      assertClose(found.length_controlled_winrate, rate.length_controlled_winrate, 1e-9, what);
      assertClose(found.lc_standard_error, rate.lc_standard_error, 1e-9, what);
    }
  }
});
