/** The metrics, one record each. What a metric has, needs and means is known here alone. @module */
import { pearson, spearman } from "./correlations.ts";
import { accuracy, exactMatch } from "./exact_match.ts";
import { f1, macroF1 } from "./f1.ts";
import { loss } from "./loss.ts";
import { matthews } from "./matthews.ts";
import { mse } from "./mean_squared_error.ts";
import type { Metric } from "./metric.ts";

/** A metric's name, as in results. */
export type MetricName =
  | "exactMatch"
  | "accuracy"
  | "f1"
  | "macroF1"
  | "matthews"
  | "pearson"
  | "spearman"
  | "mse"
  | "loss";

/** Every metric, in the order in which messages list them. */
export const metricKinds: Readonly<Record<MetricName, Metric>> = {
  exactMatch,
  accuracy,
  f1,
  macroF1,
  matthews,
  pearson,
  spearman,
  mse,
  loss,
};

/** Whether something names a metric. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metricKinds, name);
}

/** Whether less of a metric that results name is better; of one that is unknown, more is. */
export function lowerIsBetter(name: string): boolean {
  return isMetricName(name) && metricKinds[name].lowerIsBetter;
}
