/** The models that evaluations and activations run, as declared. @module */
import type { ModelSpec } from "./model.ts";
import type { BestSpec, Sweepable } from "./sweepable.ts";
import type { TrainSpec } from "./train.ts";

/** A model after one epoch of a training. */
export interface CheckpointSpec {
  /** Which kind of record this is. */
  readonly kind: "checkpoint";
  /** The training, whose `checkpoints` list the epoch. */
  readonly training: TrainSpec;
  /** The epoch, counted from 1. */
  readonly epoch: Sweepable<number>;
}

/** An untrained model, a trained one, one after an epoch, or that of the best member. */
export type ActingSpec = ModelSpec | TrainSpec | CheckpointSpec | BestSpec;
