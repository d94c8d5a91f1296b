/** What is minimized of rows with two answers, as it is declared. @module */
import type { Sweepable } from "./sweepable.ts";

/** Direct preference optimization. */
export interface DpoSpec {
  /** Which kind of record this is. */
  readonly kind: "dpo";
  /** How much a difference from the frozen model counts. */
  readonly beta: Sweepable<number>;
  /** The probability that a preference is the wrong way round. */
  readonly labelSmoothing: Sweepable<number>;
}

/** Identity preference optimization. */
export interface IpoSpec {
  /** Which kind of record this is. */
  readonly kind: "ipo";
  /** The margin that is aimed at is 1/(2β). */
  readonly beta: Sweepable<number>;
}

/** Simple preference optimization. */
export interface SimpoSpec {
  /** Which kind of record this is. */
  readonly kind: "simpo";
  /** What the mean log-likelihood of an answer's tokens is multiplied by. */
  readonly beta: Sweepable<number>;
  /** The margin that rewards are to have. */
  readonly gamma: Sweepable<number>;
}

/** Reference-free preference steering. */
export interface RepsSpec {
  /** Which kind of record this is. */
  readonly kind: "reps";
  /** What the frozen model's log-ratio is multiplied by before it weighs the chosen answer. */
  readonly scale: Sweepable<number>;
}

/** The pairwise loss of reward models. */
export interface BradleyTerrySpec {
  /** Which kind of record this is. */
  readonly kind: "bradleyTerry";
  /** How much the square of both rewards' sum counts. */
  readonly centering: Sweepable<number>;
}

/** What is minimized of rows with two answers. */
export type ObjectiveSpec = DpoSpec | IpoSpec | SimpoSpec | RepsSpec | BradleyTerrySpec;
