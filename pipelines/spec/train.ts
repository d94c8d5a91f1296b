/** A training, as it is declared. @module */
import type { ScheduleName } from "../../ops/optimizers/schedule.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ModelSpec } from "./model.ts";
import type { ObjectiveSpec } from "./objective.ts";
import type { BestSpec, Sweepable } from "./sweepable.ts";

/** A learning-rate schedule. */
export interface ScheduleSpec {
  /** Tells the kinds of record apart. */
  readonly kind: ScheduleName;
  /** Share of the steps over which the rate rises from 0; their number is rounded up. */
  readonly warmup: Sweepable<number>;
  /** A number of steps in place of the share. */
  readonly warmupSteps?: Sweepable<number>;
}

/** What weight decay acts on: every parameter as in torch, or all but biases and norms as transformers' Trainer has it. */
export type DecayScope = "all" | "weights";

/** AdamW's settings. */
export interface OptimizerSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "adamw";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** A factor on the rate at each step. */
  readonly schedule: Sweepable<ScheduleSpec>;
  /** Decoupled decay a step, times the rate. */
  readonly weightDecay: Sweepable<number>;
  /** What it acts on. */
  readonly decay: Sweepable<DecayScope>;
  /** Decay of the first moment. */
  readonly beta1: Sweepable<number>;
  /** Decay of the second moment. */
  readonly beta2: Sweepable<number>;
  /** Added to the deviation. */
  readonly epsilon: Sweepable<number>;
}

/** Over what the loss of a step is a mean: all its labelled tokens, or its batches, each the mean over its own tokens. */
export type LossReduction = "tokens" | "microbatches";

/** A training. */
export interface TrainSpec {
  /** Tells the kinds of record apart. */
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
  /** How gradients become steps. */
  readonly optimizer: Sweepable<OptimizerSpec>;
  /** Decides initial values and the order of rows. */
  readonly seed: Sweepable<number>;
  /** Whether each epoch has an order of its own. */
  readonly shuffle: Sweepable<boolean>;
  /** Tokens beyond which a prompt loses its front, and a text before a head its end. */
  readonly maxLength?: Sweepable<number>;
  /** A bound of the 2-norm of all gradients of a step. */
  readonly maxGradNorm?: Sweepable<number>;
  /** The training ends here, if its epochs do not before. */
  readonly maxSteps?: Sweepable<number>;
  /** Over what the loss is a mean; all labelled tokens if omitted. */
  readonly lossReduction?: Sweepable<LossReduction>;
  /** What is minimized of preferences; the negative log-likelihood of what rows teach if omitted. */
  readonly objective?: Sweepable<ObjectiveSpec>;
}
