/** Validation during training, as declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { DecodingSpec } from "./decoding.ts";
import type { MetricSpec } from "./metric.ts";
import type { Sweepable } from "./sweepable.ts";

/** How often a training is validated: after each epoch, or after every so many steps. */
export type ValidationInterval = "epoch" | number;

/** Which parameters a training returns: the last ones, or those that were best on the validation rows. */
export type KeptParameters = "last" | "best";

/** Measures a model during training. */
export interface ValidateSpec {
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** The metrics. */
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  /** How often; after each epoch if omitted. */
  readonly every?: Sweepable<ValidationInterval>;
  /** The metric that decides which parameters are best; the first of the metrics if omitted. */
  readonly best?: Sweepable<MetricSpec>;
  /** How answers are generated or chosen. */
  readonly decoding?: Sweepable<DecodingSpec>;
  /** The number of rows that run together. */
  readonly batchSize?: Sweepable<number>;
  /** The maximum number of tokens; longer prompts lose their beginning, and texts before a head their end. */
  readonly maxLength?: Sweepable<number>;
}
