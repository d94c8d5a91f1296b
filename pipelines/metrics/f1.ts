/** F1, as defined by scikit-learn. @module */
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, Labelled } from "./prediction.ts";
import { mappedSettings } from "./settings.ts";
import { wholeOf } from "./statistic.ts";

/** What of a row counts. */
const same = ({ expected, predicted }: HeadPrediction): Labelled => ({ expected, predicted });

/** The harmonic mean of precision and recall of one class; 0 if it is not a row's and is predicted of none. */
function f1Of(rows: readonly Labelled[], id: number): number {
  const right = rows.filter(({ expected, predicted }) => expected === id && predicted === id).length;
  const named = rows.reduce(
    (sum, { expected, predicted }) => sum + Number(expected === id) + Number(predicted === id),
    0,
  );
  return named === 0 ? 0 : 2 * right / named;
}

function macroF1Of(rows: readonly Labelled[]): number {
  const ids = [...new Set(rows.flatMap(({ expected, predicted }) => [expected, predicted]))];
  return ids.reduce((sum, id) => sum + f1Of(rows, id), 0) / ids.length;
}

/** The mean F1 over the classes that occur among the labels or the predictions. */
export const macroF1: Metric<SpecOf<"macroF1">> = {
  call: 'f1({ average: "macro" })',
  settings: mappedSettings,
  lowerIsBetter: false,
  measures: { classes: () => ({ statistic: wholeOf(same, macroF1Of) }) },
};

/** The F1 of the second of two classes. */
export const f1: Metric<SpecOf<"f1">> = {
  call: "f1()",
  settings: mappedSettings,
  lowerIsBetter: false,
  measures: {
    classes: () => ({ insteadOfBinary: macroF1.call, statistic: wholeOf(same, (rows) => f1Of(rows, 1)) }),
  },
};
