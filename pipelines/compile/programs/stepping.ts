/** What of a training's settings decides the program of the optimizer's steps. @module */
import type { ScheduleName } from "../../../ops/optimizers/schedule.ts";
import type { ObjectiveName } from "../../../ops/objectives/mod.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** What the program of the optimizer's steps depends on. */
export interface Stepping {
  readonly schedule: ScheduleName;
  /** Whether the common norm of each member's gradients has a bound. */
  readonly clips: boolean;
  /** What is minimized of preferences; of other rows the losses of their labels. */
  readonly objective?: ObjectiveName;
}

/** What a training's settings say of its steps. */
export function steppingOf(
  { optimizer: { schedule }, maxGradNorm, objective }: Pick<
    Resolved<TrainSpec>,
    "optimizer" | "maxGradNorm" | "objective"
  >,
): Stepping {
  return { schedule: schedule.kind, clips: maxGradNorm !== undefined, ...objective && { objective: objective.kind } };
}
