/** Trainings, as declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { Truncation } from "../data/length_limits.ts";
import type { ModelSpec } from "./model.ts";
import type { ObjectiveSpec } from "./objective.ts";
import type { OptimizerSpec } from "./optimizer.ts";
import type { BestSpec, Sweepable } from "./sweepable.ts";
import type { KeptParameters, ValidateSpec } from "./validate.ts";

/** What the loss of a step is averaged over: its labelled tokens, or its batches, each averaged over its own tokens. */
export type LossReduction = "tokens" | "microbatches";

/** A training. */
export interface TrainSpec {
  /** Which kind of record this is. */
  readonly kind: "train";
  /** The model to train; for a best member, its model before training. */
  readonly model: Sweepable<ModelSpec | BestSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** The number of passes over the rows. */
  readonly epochs: Sweepable<number>;
  /** The number of rows whose gradients are computed together. */
  readonly batchSize: Sweepable<number>;
  /** The number of batches per training step. */
  readonly gradientAccumulation: Sweepable<number>;
  /** The number of parts of a batch that run at the same time; 1 if omitted. */
  readonly dataParallel?: Sweepable<number>;
  /** The optimizer. */
  readonly optimizer: Sweepable<OptimizerSpec>;
  /** The seed of initial values and of the order of rows. */
  readonly seed: Sweepable<number>;
  /** Whether rows are shuffled anew in each epoch. */
  readonly shuffle: Sweepable<boolean>;
  /** The maximum number of tokens; longer prompts lose their beginning, and texts before a head their end. */
  readonly maxLength?: Sweepable<number>;
  /** Which end of longer rows is cut; by default a prompt's beginning and a labelled text's end. */
  readonly truncate?: Sweepable<Truncation>;
  /** The bound on the 2-norm of all gradients of a step. */
  readonly maxGradNorm?: Sweepable<number>;
  /** The share of each label that is spread over all classes; none if omitted. */
  readonly labelSmoothing?: Sweepable<number>;
  /** The maximum number of training steps. */
  readonly maxSteps?: Sweepable<number>;
  /** Whether the frozen model's own dropout is active; `false` if omitted. */
  readonly baseDropout?: Sweepable<boolean>;
  /** What the loss is averaged over; all labelled tokens if omitted. */
  readonly lossReduction?: Sweepable<LossReduction>;
  /** The preference objective; if omitted, the negative log-likelihood of completions or labels is minimized. */
  readonly objective?: Sweepable<ObjectiveSpec>;
  /** The validation during training. */
  readonly validate?: Sweepable<ValidateSpec>;
  /** Which parameters it returns; the last ones if omitted. */
  readonly keep?: Sweepable<KeptParameters>;
  /** The training ends after this many validations in a row without a new best value. */
  readonly patience?: Sweepable<number>;
  /** The epochs after which the parameters are also kept for later stages. */
  readonly checkpoints?: Sweepable<readonly number[]>;
}
