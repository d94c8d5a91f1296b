/** Preference objectives, as declared. @module */
import type { Sweepable } from "./sweepable.ts";

/** Direct preference optimization. */
export interface DpoSpec {
  /** Which kind of record this is. */
  readonly kind: "dpo";
  /** The weight of a difference from the frozen model. */
  readonly beta: Sweepable<number>;
  /** The probability that a preference is reversed. */
  readonly labelSmoothing: Sweepable<number>;
}

/** Identity preference optimization. */
export interface IpoSpec {
  /** Which kind of record this is. */
  readonly kind: "ipo";
  /** Training aims at a margin of 1/(2β). */
  readonly beta: Sweepable<number>;
}

/** Simple preference optimization. */
export interface SimpoSpec {
  /** Which kind of record this is. */
  readonly kind: "simpo";
  /** The factor on the mean log-likelihood of an answer's tokens. */
  readonly beta: Sweepable<number>;
  /** The target margin between rewards. */
  readonly gamma: Sweepable<number>;
}

/** Reference-free preference steering. */
export interface RepsSpec {
  /** Which kind of record this is. */
  readonly kind: "reps";
  /** The factor on the frozen model's log-ratio before it weights the chosen answer. */
  readonly scale: Sweepable<number>;
}

/** The pairwise loss of reward models. */
export interface BradleyTerrySpec {
  /** Which kind of record this is. */
  readonly kind: "bradleyTerry";
  /** The weight of the squared sum of both rewards. */
  readonly centering: Sweepable<number>;
}

/** A preference objective. */
export type ObjectiveSpec = DpoSpec | IpoSpec | SimpoSpec | RepsSpec | BradleyTerrySpec;
