import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { PlainScheduleSpec, PolynomialScheduleSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of a schedule. */
export interface ScheduleOptions {
  /** Share of all steps, from 0 to 1, over which the rate rises from 0; steps are rounded up, as transformers does. */
  readonly warmup?: number;
  /** A number of steps in place of the share. */
  readonly warmupSteps?: number;
}

/** Refuses two warm-ups. */
function requireWarmup(options: SweepableOptions<ScheduleOptions>): void {
  if (options.warmup !== undefined && options.warmupSteps !== undefined) {
    throw new RequestError("a schedule has warmup, a share of all steps, or warmupSteps, a number of them; omit one");
  }
}

function scheduleOf(kind: PlainScheduleSpec["kind"], options: SweepableOptions<ScheduleOptions>): PlainScheduleSpec {
  requireWarmup(options);
  return located({ warmup: 0, ...options, kind });
}

/**
 * The rate rises over the warm-up and stays.
 *
 * @example A tenth of the steps to warm up
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, constantSchedule } from "refract";
 *
 * const optimizer = adamw({ learningRate: 1e-3, schedule: constantSchedule({ warmup: 0.1 }) });
 * assert.equal(constantSchedule().warmup, 0);
 * ```
 */
export function constantSchedule(options: SweepableOptions<ScheduleOptions> = {}): PlainScheduleSpec {
  requireCall("constantSchedule", arguments);
  return scheduleOf("constant", options);
}

/**
 * The rate rises over the warm-up, then falls linearly and would be 0 after the last step.
 *
 * @example A tenth of the steps to warm up, then down to 0
 * ```ts
 * import { adamw, linearSchedule } from "refract";
 *
 * const optimizer = adamw({ learningRate: 9e-4, schedule: linearSchedule({ warmup: 0.1 }) });
 * ```
 */
export function linearSchedule(options: SweepableOptions<ScheduleOptions> = {}): PlainScheduleSpec {
  requireCall("linearSchedule", arguments);
  return scheduleOf("linear", options);
}

/**
 * The rate rises over the warm-up, then falls along half a cosine and would be 0 after the last step, as transformers'
 * `get_cosine_schedule_with_warmup` has it.
 *
 * @example A twentieth of the steps to warm up, then down to 0
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, cosineSchedule } from "refract";
 *
 * const optimizer = adamw({ learningRate: 2e-5, schedule: cosineSchedule({ warmup: 0.05 }) });
 * assert.equal(cosineSchedule().warmup, 0);
 * ```
 */
export function cosineSchedule(options: SweepableOptions<ScheduleOptions> = {}): PlainScheduleSpec {
  requireCall("cosineSchedule", arguments);
  return scheduleOf("cosine", options);
}

/**
 * The rate rises over w steps of warm-up, then is √(w/step) of its highest, as transformers' `get_inverse_sqrt_schedule`
 * has it; without a warm-up √(10,000/(step + 10,000)).
 *
 * @example A tenth of the steps to warm up
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, inverseSqrtSchedule } from "refract";
 *
 * const optimizer = adamw({ learningRate: 1e-3, schedule: inverseSqrtSchedule({ warmup: 0.1 }) });
 * assert.equal(inverseSqrtSchedule().warmup, 0);
 * ```
 */
export function inverseSqrtSchedule(options: SweepableOptions<ScheduleOptions> = {}): PlainScheduleSpec {
  requireCall("inverseSqrtSchedule", arguments);
  return scheduleOf("inverseSqrt", options);
}

/** Settings of a polynomial schedule. */
export interface PolynomialScheduleOptions extends ScheduleOptions {
  /** The power of the share of steps left, above 0; 1 if omitted. */
  readonly power?: number;
  /** The rate after the last step, below the optimizer's; 1e-7 if omitted. Groups come to the same share of theirs. */
  readonly end?: number;
}

/**
 * The rate rises over the warm-up, then falls to `end` as a power of the share of steps that are left, as transformers'
 * `get_polynomial_decay_schedule_with_warmup` has it.
 *
 * @example Down to 1e-5 with the square
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, polynomialSchedule } from "refract";
 *
 * const schedule = polynomialSchedule({ warmup: 0.1, power: 2, end: 1e-5 });
 * const optimizer = adamw({ learningRate: 1e-3, schedule });
 * assert.deepEqual([polynomialSchedule().power, polynomialSchedule().end], [1, 1e-7]);
 * ```
 */
export function polynomialSchedule(
  options: SweepableOptions<PolynomialScheduleOptions> = {},
): PolynomialScheduleSpec {
  requireCall("polynomialSchedule", arguments);
  requireWarmup(options);
  return located({ warmup: 0, power: 1, end: 1e-7, ...options, kind: "polynomial" });
}
