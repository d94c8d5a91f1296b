/** The loss that a training minimizes, as a metric. @module */
import type { HeadPrediction, Metric, Prediction } from "./metric.ts";

function ofTokens(rows: readonly Prediction[]): number {
  const total = rows.reduce((sum, { loss = NaN }) => sum + loss, 0);
  return total / rows.reduce((sum, { tokens = NaN }) => sum + tokens, 0);
}

function ofRows(rows: readonly HeadPrediction[]): number {
  return rows.reduce((sum, { loss }) => sum + loss, 0) / rows.length;
}

/** The mean negative log-likelihood of tokens or classes, in nats; of numbers the squared error. */
export const loss: Metric = {
  call: "loss()",
  lowerIsBetter: true,
  measures: {
    texts: { reads: "scores", of: ofTokens },
    classes: { of: ofRows },
    numbers: { takesEqualNumbers: true, of: ofRows },
  },
};
