/** Metrics over an evaluation's predictions. @module */
import { RequestError } from "../errors.ts";
import type { MetricSpec } from "../spec.ts";

/** What an evaluation says of one row. */
export interface Prediction {
  readonly prompt: string;
  /** The row's own completion. */
  readonly completion: string;
  /** The model's answer, where the evaluation decodes. */
  readonly prediction?: string;
  /** The sum of the completion's negative log-likelihoods in nats, and its number of tokens, where scored. */
  readonly loss?: number;
  readonly tokens?: number;
}

function shareEqual(predictions: readonly Prediction[]): number {
  const equal = predictions.filter(({ completion, prediction }) => prediction?.trim() === completion.trim());
  return equal.length / predictions.length;
}

const metrics: Record<MetricSpec["kind"], (predictions: readonly Prediction[]) => number> = {
  exactMatch: shareEqual,
  accuracy: shareEqual,
  loss(predictions) {
    const total = predictions.reduce((sum, { loss = NaN }) => sum + loss, 0);
    return total / predictions.reduce((sum, { tokens = NaN }) => sum + tokens, 0);
  },
};

/**
 * The metrics by name.
 *
 * @throws {RequestError} If one of them is not finite.
 */
export function measure(specs: readonly MetricSpec[], predictions: readonly Prediction[]): Record<string, number> {
  return Object.fromEntries(specs.map(({ kind }) => {
    const value = metrics[kind](predictions);
    if (!Number.isFinite(value)) {
      throw new RequestError(`The metric ${kind} is ${value}; the model's logits are not finite`);
    }
    return [kind, value];
  }));
}
