/** A pipeline file's default export, as declared. @module */
import type { ActivationsSpec } from "./activations.ts";
import type { EvaluateSpec } from "./evaluate.ts";
import type { AxisLabel } from "./sweepable.ts";
import type { TrainSpec } from "./train.ts";

/** A stage of a pipeline. */
export type StageSpec = TrainSpec | EvaluateSpec | ActivationsSpec;

/** The kinds of stages. */
export type StageKind = StageSpec["kind"];

/** A condition on members, given the labels of their values. */
export interface WhereSpec {
  /** Which kind of record this is. */
  readonly kind: "where";
  /** Whether a member is to run. */
  readonly holds: (member: Readonly<Record<string, AxisLabel>>) => boolean;
}

/** A pipeline file's default export. */
export interface Pipeline {
  /** Which kind of record this is. */
  readonly kind: "pipeline";
  /** The pipeline's name in results. */
  readonly name: string;
  /** Declares the stages; does no tensor work. */
  readonly build: () => Readonly<Record<string, StageSpec>>;
  /** The conditions that a member must satisfy to run. */
  readonly conditions: readonly WhereSpec[];
}
