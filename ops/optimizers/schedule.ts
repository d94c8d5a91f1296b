/** Learning-rate schedules as programs. @module */
import * as o from "../operators.ts";
import { scalar, type Value } from "../program/program.ts";

/** The progress of a training and the parameters of its schedule, each a tensor without axes. */
interface ScheduleProgress {
  /** Steps taken before this one. */
  readonly step: Value;
  /** The number of steps over which the rate rises from 0; 0 for no warm-up. */
  readonly warmupSteps: Value;
  readonly totalSteps: Value;
  /** The exponent of a polynomial schedule. */
  readonly power: Value;
  /** The factor at the end of a polynomial schedule. */
  readonly end: Value;
}

/** The length of the warm-up, as a share of all steps or as a number of steps. */
interface Warmup {
  readonly warmup: number;
  readonly warmupSteps?: number;
}

/** The number of warm-up steps; a share of all steps is rounded up, as in transformers' Trainer. */
export function warmupStepsOf({ warmup, warmupSteps }: Warmup, totalSteps: number): number {
  return warmupSteps ?? Math.ceil(warmup * totalSteps);
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
export type ScheduleName = "constant" | "cosine" | "inverseSqrt" | "linear" | "polynomial";

/** The number of steps over which the inverse square root falls to 1/√2 if there is no warm-up, as in transformers. */
const timescaleWithoutWarmup = 10_000;

/** The share of the steps after the warm-up that are done. */
function shareDone({ step, warmupSteps, totalSteps }: ScheduleProgress): Value {
  return o.div(o.sub(step, warmupSteps), o.max(o.sub(totalSteps, warmupSteps), 1));
}

/** The share of the steps after the warm-up that remain; 0 after the last. */
function shareLeft({ step, warmupSteps, totalSteps }: ScheduleProgress): Value {
  return o.max(o.div(o.sub(totalSteps, step), o.max(o.sub(totalSteps, warmupSteps), 1)), 0);
}

/**
 * The schedules by name: after the warm-up constant, along half a cosine down to 0 at the last step, falling with the
 * inverse square root of the steps, linear down to 0 at the last step, or as a power of the share that remains.
 */
export const schedules: Readonly<Record<ScheduleName, Schedule>> = {
  constant: (progress) => afterWarmup(progress, scalar(1)),
  cosine: (progress) => {
    const height = o.mul(o.add(o.cos(o.mul(shareDone(progress), Math.PI)), 1), 0.5);
    return afterWarmup(progress, o.max(height, 0));
  },
  inverseSqrt(progress) {
    const { step, warmupSteps } = progress;
    const timescale = o.add(warmupSteps, o.mul(o.max(o.sub(1, warmupSteps), 0), timescaleWithoutWarmup));
    const since = o.div(o.add(step, o.sub(timescale, warmupSteps)), timescale);
    // During the warm-up the value is not used, but it must stay finite.
    return afterWarmup(progress, o.div(1, o.sqrt(o.max(since, 1e-6))));
  },
  linear: (progress) => afterWarmup(progress, shareLeft(progress)),
  polynomial(progress) {
    const { power, end } = progress;
    // 0ᵖ is computed as e^−∞ = 0.
    const height = o.exp(o.mul(o.log(shareLeft(progress)), power));
    return afterWarmup(progress, o.add(o.mul(o.sub(1, end), height), end));
  },
};
