/** The members that a pipeline expands to. @module */
import type { MemberRecord } from "../../results/results.ts";
import type { ActivationsSpec, AxisLabel, EvaluateSpec, Resolved, StageKind, TrainSpec } from "../../spec/mod.ts";

/** Stages with every axis replaced by one of its values, by their kind. */
export interface MemberStages {
  readonly train: Resolved<TrainSpec>;
  readonly evaluate: Resolved<EvaluateSpec>;
  readonly activations: Resolved<ActivationsSpec>;
}

/** A stage with every axis replaced by one of its values. */
export type MemberStage = MemberStages[StageKind];

/** One point of a pipeline's axes. */
export interface Member {
  /** Readable and stable: `layer=15,rank=4`; `main` without axes. */
  readonly id: string;
  /** The id without the axes that repeat one experiment: the same for all its repeats. */
  readonly repeated: string;
  /** Numbers, strings and booleans as they are; other values by their label. */
  readonly axes: Readonly<Record<string, AxisLabel>>;
  readonly stages: Readonly<Record<string, MemberStage>>;
  /** The best members that it continues with. */
  readonly chosen: readonly BestMember[];
}

/** A member that others continue with. */
export interface BestMember {
  /** The stage in which it is best. */
  readonly stage: string;
  /** The metric by which it is best. */
  readonly metric: string;
  /** Its id, without the axes that repeat. */
  readonly member: string;
}

/**
 * Groups of members that can run together; those that continue with the best of them are created from their results.
 */
export type Rounds = Generator<readonly Member[], void, readonly MemberRecord[]>;

/** A pipeline with its axes, from which its members are created. */
export interface Expansion {
  /** The members that do not depend on other members' results. */
  readonly members: readonly Member[];
  /** Whether members follow that continue with the best of these. */
  readonly goesOn: boolean;
  /** All rounds of members, from the first. */
  readonly rounds: () => Rounds;
  /** What the user should know about the declarations, each with its place. */
  readonly notes: readonly string[];
}
