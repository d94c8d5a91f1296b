/** What evaluations and activations act with, as it is declared. @module */
import type { ModelSpec } from "./model.ts";
import type { BestSpec, Sweepable } from "./sweepable.ts";
import type { TrainSpec } from "./train.ts";

/** A model as one epoch of a training left it. */
export interface CheckpointSpec {
  /** Which kind of record this is. */
  readonly kind: "checkpoint";
  /** The training, whose `checkpoints` name the epoch. */
  readonly training: TrainSpec;
  /** The epoch after which, from 1 up. */
  readonly epoch: Sweepable<number>;
}

/** A model as it is, as it was trained, or as an epoch or the best member left it. */
export type ActingSpec = ModelSpec | TrainSpec | CheckpointSpec | BestSpec;
