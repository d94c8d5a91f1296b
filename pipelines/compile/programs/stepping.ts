/** What of a training's settings decides the programs of its steps. @module */
import { optimizerOf } from "../../../ops/optimizers/mod.ts";
import type { Optimizer } from "../../../ops/optimizers/optimizer.ts";
import type { ScheduleName } from "../../../ops/optimizers/schedule.ts";
import type { ObjectiveName } from "../../../ops/objectives/mod.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import { type GroupMatches, matchesOf } from "./parameter_groups.ts";

/** What the programs of a training's steps depend on. */
export interface Stepping {
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleName;
  /** Which parameters have rates and decays of their own. */
  readonly groups: GroupMatches;
  /** Whether the common norm of each member's gradients has a bound. */
  readonly clips: boolean;
  /** What is minimized of preferences; of other rows the losses of their labels. */
  readonly objective?: ObjectiveName;
  /** Whether the frozen model's own dropout acts. */
  readonly dropsBase: boolean;
  /** Whether a share of each label is spread over all classes. */
  readonly smooths: boolean;
}

/** What a training's settings say of its steps. */
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
