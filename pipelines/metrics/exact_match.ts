/** Metrics that count the predictions equal to what a row has. @module */
import type { HeadPrediction, Metric, Prediction } from "./metric.ts";

/** Whether an answer is the row's completion, or what its tokens say, spaces around both aside. */
export function isRight(answer: string, { completion, taught }: Pick<Prediction, "completion" | "taught">): boolean {
  return [completion, taught].some((expected) => expected?.trim() === answer.trim());
}

function shareEqual(rows: readonly Prediction[]): number {
  return rows.filter((row) => isRight(String(row.prediction), row)).length / rows.length;
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
