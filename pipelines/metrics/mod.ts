/** The metrics, one record each. Only the record knows a metric's settings, requirements and meaning. @module */
import { bleu } from "./bleu.ts";
import { combined } from "./combined.ts";
import { pearson, spearman } from "./correlations.ts";
import type { MetricName, MetricSpec, SpecOf } from "./declared.ts";
import { accuracy, exactMatch } from "./exact_match.ts";
import { f1, macroF1 } from "./f1.ts";
import { judge } from "./judged.ts";
import { bitsPerByte, loss, perplexity } from "./likelihoods.ts";
import { matthews } from "./matthews.ts";
import { mse } from "./mean_squared_error.ts";
import type { Metric } from "./metric.ts";
import { numericMatch } from "./numeric_match.ts";
import { own } from "./own.ts";
import { passAtK } from "./pass_at_k.ts";
import { regexMatch } from "./regex_match.ts";
import { rewardAccuracy, rewardMargin } from "./rewards.ts";
import { rouge } from "./rouge.ts";
import { taskAccuracy } from "./task_accuracy.ts";
import { tokenF1 } from "./token_f1.ts";

/** Every metric, in the order in which messages list them. */
export const metricKinds: { readonly [K in MetricName]: Metric<SpecOf<K>> } = {
  exactMatch,
  numericMatch,
  regexMatch,
  tokenF1,
  bleu,
  rouge,
  accuracy,
  f1,
  macroF1,
  matthews,
  pearson,
  spearman,
  mse,
  loss,
  perplexity,
  bitsPerByte,
  rewardAccuracy,
  rewardMargin,
  taskAccuracy,
  passAtK,
  judge,
  combined,
  metric: own,
};

/** The kind of a metric. */
export function metricOf({ kind }: MetricSpec): Metric {
  return metricKinds[kind];
}

/** A metric's name in results. */
export function metricNameOf(spec: MetricSpec): string {
  return spec.name ?? metricOf(spec).usualName?.(spec) ?? spec.kind;
}

/** Whether a string is the name of a metric. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metricKinds, name);
}

/** Whether a value is a metric's declaration. */
export function isMetric(value: unknown): value is MetricSpec {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string" &&
    isMetricName(value.kind);
}

/** The paths of files that a metric reads. */
export function filesOfMetric(spec: MetricSpec): readonly string[] {
  return metricOf(spec).files?.(spec) ?? [];
}

/** Whether any of some metrics needs the scores of completions. */
export function readsScores(metrics: readonly MetricSpec[]): boolean {
  return metrics.some((metric) => metricOf(metric).measures.texts?.(metric).reads === "scores");
}

/** Whether any of some metrics compares the rewards of a row's completions. */
export function readsRewards(metrics: readonly MetricSpec[]): boolean {
  return metrics.some((metric) => metricOf(metric).measures.texts?.(metric).reads === "rewards");
}

/** How programs are run for some metrics; `undefined` if none needs them. */
export function programsOf(metrics: readonly MetricSpec[]): SpecOf<"passAtK"> | undefined {
  return metrics.find((metric) => metric.kind === "passAtK");
}

/** The judge of some metrics; `undefined` if none needs one. */
export function judgeOf(metrics: readonly MetricSpec[]): SpecOf<"judge"> | undefined {
  return metrics.find((metric) => metric.kind === "judge");
}

/** Whether lower is better for a metric. */
export function isLowerBetter(spec: MetricSpec): boolean {
  const metric = metricOf(spec);
  return metric.declaredLower?.(spec) ?? metric.lowerIsBetter;
}

/** Whether lower is better for a metric named in results that do not say so; for an unknown metric, higher is. */
export function lowerIsBetter(name: string): boolean {
  return isMetricName(name) && metricKinds[name].lowerIsBetter;
}
