/** A training, as it is declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { Truncation } from "../data/length_limits.ts";
import type { ModelSpec } from "./model.ts";
import type { ObjectiveSpec } from "./objective.ts";
import type { OptimizerSpec } from "./optimizer.ts";
import type { BestSpec, Sweepable } from "./sweepable.ts";
import type { KeptParameters, ValidateSpec } from "./validate.ts";

/** Over what the loss of a step is a mean: all its labelled tokens, or its batches, each the mean over its own tokens. */
export type LossReduction = "tokens" | "microbatches";

/** A training. */
export interface TrainSpec {
  /** Which kind of record this is. */
  readonly kind: "train";
  /** What it is done with; of a best member its model as it was before it was trained. */
  readonly model: Sweepable<ModelSpec | BestSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** Passes over the rows. */
  readonly epochs: Sweepable<number>;
  /** Rows whose work is done together. */
  readonly batchSize: Sweepable<number>;
  /** Batches to a step. */
  readonly gradientAccumulation: Sweepable<number>;
  /** In how many parts the rows of a batch are taken at once; 1 if omitted. */
  readonly dataParallel?: Sweepable<number>;
  /** How gradients become steps. */
  readonly optimizer: Sweepable<OptimizerSpec>;
  /** Decides initial values and the order of rows. */
  readonly seed: Sweepable<number>;
  /** Whether each epoch has an order of its own. */
  readonly shuffle: Sweepable<boolean>;
  /** Tokens beyond which a prompt loses its front, and a text before a head its end. */
  readonly maxLength?: Sweepable<number>;
  /** Which end of longer rows is cut; a prompt's front and a labelled text's end if omitted. */
  readonly truncate?: Sweepable<Truncation>;
  /** A bound of the 2-norm of all gradients of a step. */
  readonly maxGradNorm?: Sweepable<number>;
  /** The share of each label that is spread over all classes; none if omitted. */
  readonly labelSmoothing?: Sweepable<number>;
  /** The training ends here, if its epochs do not before. */
  readonly maxSteps?: Sweepable<number>;
  /** Whether the frozen model's own dropout acts; not if omitted. */
  readonly baseDropout?: Sweepable<boolean>;
  /** Over what the loss is a mean; all labelled tokens if omitted. */
  readonly lossReduction?: Sweepable<LossReduction>;
  /** What is minimized of preferences; the negative log-likelihood of what rows teach if omitted. */
  readonly objective?: Sweepable<ObjectiveSpec>;
  /** What is measured while it runs. */
  readonly validate?: Sweepable<ValidateSpec>;
  /** Which parameters it gives; the last ones if omitted. */
  readonly keep?: Sweepable<KeptParameters>;
  /** The training ends after so many validations in a row of which none is better than the best before. */
  readonly patience?: Sweepable<number>;
  /** The epochs after which the parameters are kept for later stages, too. */
  readonly checkpoints?: Sweepable<readonly number[]>;
}
