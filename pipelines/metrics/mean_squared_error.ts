/** The mean squared error of numbers. @module */
import type { HeadPrediction, Metric } from "./metric.ts";

function meanSquaredError(rows: readonly HeadPrediction[]): number {
  return rows.reduce((sum, { expected, predicted }) => sum + (predicted - expected) ** 2, 0) / rows.length;
}

/** The mean of the squared differences between a head's numbers and the rows'. */
export const mse: Metric = {
  call: "mse()",
  lowerIsBetter: true,
  measures: { numbers: { takesEqualNumbers: true, of: meanSquaredError } },
};
