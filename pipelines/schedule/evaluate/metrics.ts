/** Metrics over an evaluation's predictions. @module */
import { RequestError } from "../../common/errors.ts";
import type { MetricSpec } from "../../spec/mod.ts";
import { accuracyOf, f1Of, macroF1Of, matthewsOf, type PredictedClass } from "./class_metrics.ts";
import { pearsonOf, spearmanOf } from "./correlations.ts";

/** What an evaluation says of one row. */
export interface Prediction {
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** The row's own completion, or its label's name or number. */
  readonly completion: string;
  /** The model's answer, where the evaluation decodes or a head tells: a text, a class's name or a number. */
  readonly prediction?: string | number;
  /**
   * The sum of the completion's negative log-likelihoods in nats, and its number of tokens, where scored; of a label the
   * negative log-likelihood, of a number the squared error.
   */
  readonly loss?: number;
  readonly tokens?: number;
  /** Of each class by its name. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** What a head told of a row: a class by its id, or a number. */
export interface HeadPrediction extends PredictedClass {
  readonly loss: number;
}

type Measure<T> = Partial<Record<MetricSpec["kind"], (rows: readonly T[]) => number>>;

function shareEqual(predictions: readonly Prediction[]): number {
  const equal = predictions.filter(({ completion, prediction }) => String(prediction).trim() === completion.trim());
  return equal.length / predictions.length;
}

const ofTexts: Measure<Prediction> = {
  exactMatch: shareEqual,
  accuracy: shareEqual,
  loss(predictions) {
    const total = predictions.reduce((sum, { loss = NaN }) => sum + loss, 0);
    return total / predictions.reduce((sum, { tokens = NaN }) => sum + tokens, 0);
  },
};

const correlation =
  (of: (x: readonly number[], y: readonly number[]) => number) => (rows: readonly HeadPrediction[]) => {
    return of(rows.map(({ expected }) => expected), rows.map(({ given }) => given));
  };

const ofHeads: Measure<HeadPrediction> = {
  accuracy: accuracyOf,
  f1: (rows) => f1Of(rows),
  macroF1: macroF1Of,
  matthews: matthewsOf,
  pearson: correlation(pearsonOf),
  spearman: correlation(spearmanOf),
  loss: (rows) => rows.reduce((sum, { loss }) => sum + loss, 0) / rows.length,
};

/**
 * The metrics by name.
 *
 * @param told What a head told of the rows, if one did.
 * @throws {RequestError} If one of them is not finite.
 */
export function measure(
  specs: readonly MetricSpec[],
  predictions: readonly Prediction[],
  told?: readonly HeadPrediction[],
): Record<string, number> {
  return Object.fromEntries(specs.map(({ kind }) => {
    const value = (told === undefined ? ofTexts[kind]?.(predictions) : ofHeads[kind]?.(told)) ?? NaN;
    if (!Number.isFinite(value)) {
      throw new RequestError(`The metric ${kind} is ${value}; the model's logits are not finite`);
    }
    return [kind, value];
  }));
}
