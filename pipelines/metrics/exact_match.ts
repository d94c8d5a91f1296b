/** Metrics that count the predictions equal to what a row has. @module */
import type { HeadPrediction, Metric, Prediction } from "./metric.ts";

function shareEqual(rows: readonly Prediction[]): number {
  return rows.filter(({ completion, prediction }) => String(prediction).trim() === completion.trim()).length /
    rows.length;
}

function shareOfClasses(rows: readonly HeadPrediction[]): number {
  return rows.filter(({ expected, predicted }) => expected === predicted).length / rows.length;
}

/** The share of answers equal to the row's completion, spaces around both aside. */
export const exactMatch: Metric = {
  call: "exactMatch()",
  lowerIsBetter: false,
  measures: { texts: { reads: "answers", of: shareEqual } },
};

/** The share of rows whose answer or class is the row's. */
export const accuracy: Metric = {
  call: "accuracy()",
  lowerIsBetter: false,
  measures: { texts: { reads: "answers", of: shareEqual }, classes: { of: shareOfClasses } },
};
