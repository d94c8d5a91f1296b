/** Measuring what a model predicted. @module */
import { RequestError } from "../common/errors.ts";
import type { HeadPrediction, Metric, Prediction } from "./metric.ts";
import { metricKinds, type MetricName } from "./mod.ts";

/** What a model predicted of an evaluation's rows. */
export type Predicted =
  | { readonly kind: "texts"; readonly rows: readonly Prediction[] }
  | { readonly kind: "classes" | "numbers"; readonly rows: readonly HeadPrediction[] };

/**
 * The metrics by name.
 *
 * @throws {RequestError} If one of them is not finite.
 */
export function measure(names: readonly MetricName[], predicted: Predicted): Record<string, number> {
  return Object.fromEntries(names.map((name) => {
    const value = valueOf(metricKinds[name], predicted);
    if (value === undefined) throw new TypeError(`The metric ${name} does not apply to ${predicted.kind}`);
    if (!Number.isFinite(value)) {
      throw new RequestError(`The metric ${name} is ${value}; the model's logits are not finite`);
    }
    return [name, value];
  }));
}

/** Why some of the metrics are not to be relied on. */
export function cautions(names: readonly MetricName[], predicted: Predicted): string[] {
  if (predicted.kind !== "numbers") return [];
  return names.flatMap((name) => {
    const caution = metricKinds[name].measures.numbers?.caution?.(predicted.rows);
    return caution === undefined ? [] : [`${name}: ${caution}`];
  });
}

function valueOf({ measures }: Metric, predicted: Predicted): number | undefined {
  return predicted.kind === "texts" ? measures.texts?.of(predicted.rows) : measures[predicted.kind]?.of(predicted.rows);
}
