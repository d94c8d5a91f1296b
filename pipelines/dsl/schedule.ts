import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { PlainScheduleSpec, PolynomialScheduleSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of a schedule. */
export interface ScheduleOptions {
  /**
   * The share of all steps, from 0 to 1, over which the rate rises from 0, rounded up to whole steps as in
   * transformers.
   */
  readonly warmup?: number;
  /** The number of warm-up steps, instead of a share. */
  readonly warmupSteps?: number;
}

/** Refuses a schedule with both kinds of warm-up. */
function requireWarmup(options: SweepableOptions<ScheduleOptions>): void {
  if (options.warmup !== undefined && options.warmupSteps !== undefined) {
    throw new RequestError(
      "a schedule has either warmup, a share of all steps, or warmupSteps, a number of steps; omit one",
    );
  }
}

function scheduleOf(kind: PlainScheduleSpec["kind"], options: SweepableOptions<ScheduleOptions>): PlainScheduleSpec {
  requireWarmup(options);
  return located({ warmup: 0, ...options, kind });
}

/**
 * The rate rises over the warm-up and then stays constant.
 *
 * @example Warm-up over a tenth of the steps
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
 * The rate rises over the warm-up, then falls linearly to 0, which it would reach after the last step.
 *
 * @example Warm-up over a tenth of the steps, then down to 0
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
 * The rate rises over the warm-up, then falls along half a cosine to 0, which it would reach after the last step, as in
 * transformers' `get_cosine_schedule_with_warmup`.
 *
 * @example Warm-up over a twentieth of the steps, then down to 0
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
 * The rate rises over w warm-up steps and is then √(w/step) times its maximum, or √(10,000/(step + 10,000)) without a
 * warm-up, as in transformers' `get_inverse_sqrt_schedule`.
 *
 * @example Warm-up over a tenth of the steps
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
  /** The exponent on the share of remaining steps, above 0; 1 if omitted. */
  readonly power?: number;
  /** The rate after the last step, below the optimizer's; 1e-7 if omitted. A group's rate falls by the same factor. */
  readonly end?: number;
}

/**
 * The rate rises over the warm-up, then falls to `end` as a power of the share of remaining steps, as in transformers'
 * `get_polynomial_decay_schedule_with_warmup`.
 *
 * @example Quadratic decay to 1e-5
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
