/** What of a training's settings decides the program of the optimizer's steps. @module */
import { optimizerOf } from "../../../ops/optimizers/mod.ts";
import type { Optimizer } from "../../../ops/optimizers/optimizer.ts";
import type { ScheduleName } from "../../../ops/optimizers/schedule.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** What the program of the optimizer's steps depends on. */
export interface Stepping {
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleName;
  /** Whether the common norm of each member's gradients has a bound. */
  readonly clips: boolean;
}

/** What a training's settings say of its steps. */
export function steppingOf(
  { optimizer, maxGradNorm }: Pick<Resolved<TrainSpec>, "optimizer" | "maxGradNorm">,
): Stepping {
  return {
    optimizer: optimizerOf(optimizer.kind, optimizer),
    schedule: optimizer.schedule.kind,
    clips: maxGradNorm !== undefined,
  };
}
