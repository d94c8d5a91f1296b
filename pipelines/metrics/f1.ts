/** F1, as scikit-learn defines it. @module */
import type { HeadPrediction, Metric } from "./metric.ts";

/** The harmonic mean of precision and recall of one class; 0 if it is no row's and is predicted of none. */
function f1Of(rows: readonly HeadPrediction[], id: number): number {
  const right = rows.filter(({ expected, predicted }) => expected === id && predicted === id).length;
  const named = rows.reduce(
    (sum, { expected, predicted }) => sum + Number(expected === id) + Number(predicted === id),
    0,
  );
  return named === 0 ? 0 : 2 * right / named;
}

function macroF1Of(rows: readonly HeadPrediction[]): number {
  const ids = [...new Set(rows.flatMap(({ expected, predicted }) => [expected, predicted]))];
  return ids.reduce((sum, id) => sum + f1Of(rows, id), 0) / ids.length;
}

/** The mean of the F1 of those classes that are a row's or are predicted of one. */
export const macroF1: Metric = {
  call: 'f1({ average: "macro" })',
  lowerIsBetter: false,
  measures: { classes: { of: macroF1Of } },
};

/** The F1 of the second of two classes. */
export const f1: Metric = {
  call: "f1()",
  lowerIsBetter: false,
  measures: { classes: { insteadOfBinary: macroF1.call, of: (rows) => f1Of(rows, 1) } },
};
