/** How often a judge prefers an answer, counted as in AlpacaEval. @module */
import { amount, flag, isRecord, oneOf, optional, text } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { controlledOf, fewestControlled } from "../tasks/alpaca_eval/leaderboard.ts";
import { characters } from "../tasks/alpaca_eval/outputs.ts";
import type { JudgedRate, SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { MeasuredRow } from "./prediction.ts";
import { namedSettings } from "./settings.ts";
import type { Statistic } from "./statistic.ts";

const isRead = ({ preference }: MeasuredRow) => typeof preference === "number";

/** From 1 to 2; 0 is a draw. */
const preferenceIn = ({ preference }: MeasuredRow) =>
  preference === 0 || typeof preference !== "number" ? 1.5 : preference;

/** All but the one that takes other models' comparisons. */
const rates: { readonly [K in Exclude<JudgedRate, "length_controlled_winrate">]: Statistic<MeasuredRow> } = {
  win_rate: { form: "mean", counts: isRead, of: (row) => 100 * (preferenceIn(row) - 1) },
  discrete_win_rate: { form: "mean", counts: isRead, of: (row) => 50 * (1 + Math.sign(preferenceIn(row) - 1.5)) },
  length_controlled_minimal: controlled("length_controlled_minimal", undefined),
};

/** A rate that is fitted of all comparisons together, in the order of AlpacaEval's instructions. */
function controlled(name: JudgedRate, gamed: SpecOf<"judge">["gamed"]): Statistic<MeasuredRow> {
  return {
    form: "whole",
    resamples: 0,
    of: (rows) => (sample) => {
      if (typeof gamed === "string") throw new TypeError("The baselines are read when an evaluation is prepared");
      const found = controlledOf(
        sample.map((at) => {
          const row = rows.at(at)!, { completion, prediction = "" } = row;
          return {
            preference: isRead(row) ? preferenceIn(row) : NaN,
            length_1: characters(completion),
            length_2: characters(String(prediction)),
          };
        }),
        gamed,
      );
      if (found !== undefined) return found.length_controlled_winrate;
      throw new RequestError(
        `${name} needs at least ${fewestControlled} comparisons whose lengths differ; report "win_rate"`,
      );
    },
  };
}

/** What is reported of preferences. */
function rateOf({ report, gamed }: SpecOf<"judge">): Statistic<MeasuredRow> {
  return report === "length_controlled_winrate" ? controlled(report, gamed) : rates[report];
}

/** The share of comparisons in which a judge prefers the answer, in percent. */
export const judge: Metric<SpecOf<"judge">> = {
  call: "judge({ endpoint, model, key })",
  settings: {
    ...namedSettings,
    endpoint: text,
    model: text,
    key: optional(text),
    weighted: flag,
    instruction: text,
    generator: optional(text),
    priceIn: optional(amount),
    priceOut: optional(amount),
    gamed: optional((value, name) => isRecord(value) || text(value, name)),
    report: oneOf([...Object.keys(rates), "length_controlled_winrate"]),
  },
  lowerIsBetter: false,
  unit: () => "percent",
  usualName: ({ report }) => report,
  files: ({ gamed }) => typeof gamed === "string" ? [gamed] : [],
  measures: { texts: (spec) => ({ reads: "judgements", statistic: rateOf(spec) }) },
};
