/** How often a judge prefers an answer, counted as in AlpacaEval. @module */
import { amount, flag, oneOf, optional, text } from "../common/checks.ts";
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

const rates: { readonly [K in JudgedRate]: Statistic<MeasuredRow> } = {
  win_rate: { form: "mean", counts: isRead, of: (row) => 100 * (preferenceIn(row) - 1) },
  discrete_win_rate: { form: "mean", counts: isRead, of: (row) => 50 * (1 + Math.sign(preferenceIn(row) - 1.5)) },
  length_controlled_minimal: {
    form: "whole",
    resamples: 0,
    of: (rows) => (sample) => {
      const found = controlledOf(sample.map((at) => {
        const row = rows.at(at)!, { completion, prediction = "" } = row;
        return {
          preference: isRead(row) ? preferenceIn(row) : NaN,
          length_1: characters(completion),
          length_2: characters(String(prediction)),
        };
      }));
      if (found !== undefined) return found.length_controlled_winrate;
      throw new RequestError(
        `length_controlled_minimal needs at least ${fewestControlled} comparisons whose lengths differ; ` +
          'report "win_rate"',
      );
    },
  },
};

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
    report: oneOf(Object.keys(rates)),
  },
  lowerIsBetter: false,
  unit: () => "percent",
  usualName: ({ report }) => report,
  measures: { texts: ({ report }) => ({ reads: "judgements", statistic: rates[report] }) },
};
