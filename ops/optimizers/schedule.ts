/** Learning-rate schedules as programs. @module */
import * as o from "../operators.ts";
import { scalar, type Value } from "../program/program.ts";

/** How far a run has come, each a tensor without axes. */
interface ScheduleProgress {
  /** Steps taken before this one. */
  readonly step: Value;
  /** Steps over which the rate rises from 0; 0 for none. */
  readonly warmupSteps: Value;
  readonly totalSteps: Value;
}

/** The steps that a share of all is, rounded up as transformers' Trainer does. */
export function warmupStepsOf(share: number, totalSteps: number): number {
  return Math.ceil(share * totalSteps);
}

/** A factor on the learning rate. */
export type Schedule = (progress: ScheduleProgress) => Value;

/** Rises linearly over the warm-up. */
function warmup({ step, warmupSteps }: ScheduleProgress): Value {
  return o.div(step, o.max(warmupSteps, 1));
}

/** 1 where `step ≥ warmupSteps`, else 0 (both whole numbers). */
function warm({ step, warmupSteps }: ScheduleProgress): Value {
  return o.min(o.max(o.add(o.sub(step, warmupSteps), 1), 0), 1);
}

function afterWarmup(progress: ScheduleProgress, later: Value): Value {
  const isWarm = warm(progress);
  return o.add(o.mul(isWarm, later), o.mul(o.sub(1, isWarm), warmup(progress)));
}

/** The name of a schedule. */
export type ScheduleName = "constant" | "linear";

/** The schedules by name: after the warm-up constant, or linear down to 0 at the last step. */
export const schedules: Readonly<Record<ScheduleName, Schedule>> = {
  constant: (progress) => afterWarmup(progress, scalar(1)),
  linear(progress) {
    const { step, warmupSteps, totalSteps } = progress;
    const left = o.div(o.sub(totalSteps, step), o.max(o.sub(totalSteps, warmupSteps), 1));
    return afterWarmup(progress, o.max(left, 0));
  },
};
