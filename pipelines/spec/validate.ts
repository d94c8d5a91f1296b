/** How a training is watched, as it is declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { DecodingSpec } from "./decoding.ts";
import type { MetricSpec } from "./metric.ts";
import type { Sweepable } from "./sweepable.ts";

/** How often a training is validated: after each epoch, or each time after so many steps. */
export type ValidationInterval = "epoch" | number;

/** Which parameters a training gives: its last ones, or those that were best on the validation rows. */
export type KeptParameters = "last" | "best";

/** Measuring a model while it is trained. */
export interface ValidateSpec {
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** What to measure. */
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  /** How often; after each epoch if omitted. */
  readonly every?: Sweepable<ValidationInterval>;
  /** What decides which parameters are best; the first of the metrics if omitted. */
  readonly best?: Sweepable<MetricSpec>;
  /** How answers are made. */
  readonly decoding?: Sweepable<DecodingSpec>;
  /** Rows whose work is done together. */
  readonly batchSize?: Sweepable<number>;
  /** Tokens beyond which a prompt loses its front, and a text before a head its end. */
  readonly maxLength?: Sweepable<number>;
}
