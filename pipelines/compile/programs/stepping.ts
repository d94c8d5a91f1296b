/** The settings of a training that decide the programs of its steps. @module */
import { optimizerOf } from "../../../ops/optimizers/mod.ts";
import type { Optimizer } from "../../../ops/optimizers/optimizer.ts";
import type { ScheduleName } from "../../../ops/optimizers/schedule.ts";
import type { ObjectiveName } from "../../../ops/objectives/mod.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import { type GroupMatches, matchesOf } from "./parameter_groups.ts";

/** The settings that the programs of a training's steps depend on. */
export interface Stepping {
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleName;
  /** Which parameters have their own learning rates and weight decays. */
  readonly groups: GroupMatches;
  /** Whether the norm of each member's gradients is clipped. */
  readonly clips: boolean;
  /** The preference objective; omitted if labels are trained on. */
  readonly objective?: ObjectiveName;
  /** Whether the frozen model's own dropout is active. */
  readonly dropsBase: boolean;
  /** Whether labels are smoothed. */
  readonly smooths: boolean;
}

/** The settings of a training's steps. */
export function steppingOf(
  { optimizer, maxGradNorm, labelSmoothing = 0, baseDropout = false, objective }: Pick<
    Resolved<TrainSpec>,
    "optimizer" | "maxGradNorm" | "labelSmoothing" | "baseDropout" | "objective"
  >,
): Stepping {
  return {
    optimizer: optimizerOf(optimizer.kind, optimizer),
    schedule: optimizer.schedule.kind,
    groups: matchesOf(optimizer),
    clips: maxGradNorm !== undefined,
    dropsBase: baseDropout,
    smooths: labelSmoothing > 0,
    ...objective && { objective: objective.kind },
  };
}
