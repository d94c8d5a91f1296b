import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type {
  AdafactorSpec,
  AdamWSpec,
  DecayScope,
  LionSpec,
  ParameterGroup,
  ScheduleSpec,
  SgdSpec,
  SweepableOptions,
} from "../spec/mod.ts";
import { requireCall } from "./calls.ts";
import { constantSchedule } from "./schedule.ts";

/** Settings of every optimizer. */
export interface OptimizerOptions {
  /** The learning-rate schedule; constant if omitted. */
  readonly schedule?: ScheduleSpec;
  /** Weight decay; 0 if omitted. */
  readonly weightDecay?: number;
  /**
   * The parameters that weight decay applies to: `"all"`, the default, as in torch's optimizers; or `"weights"`, all
   * but biases and norms, as in transformers' Trainer.
   */
  readonly decay?: DecayScope;
  /**
   * Groups of parameters with their own learning rate or weight decay; each parameter belongs to the first group that
   * matches it. `decay: "weights"` exempts biases and norms in groups, too.
   */
  readonly groups?: readonly ParameterGroup[];
}

/** The defaults of all optimizers. */
const usual = () => ({ schedule: constantSchedule(), weightDecay: 0, decay: "all" } as const);

/** Settings of AdamW. */
export interface AdamWOptions extends OptimizerOptions {
  /** The rate that the schedule scales. */
  readonly learningRate: number;
  /** Decay of the first moment; 0.9 if omitted. */
  readonly beta1?: number;
  /** Decay of the second moment; 0.999 if omitted. */
  readonly beta2?: number;
  /** Added to the denominator; 1e-8 if omitted. */
  readonly epsilon?: number;
}

/**
 * AdamW as in torch: decoupled weight decay and bias correction (Loshchilov & Hutter 2019).
 *
 * @example Three learning rates, with torch's other defaults
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, sweep } from "refract";
 *
 * const optimizer = adamw({ learningRate: sweep("rate", [1e-4, 1e-3, 1e-2]) });
 * const { beta1, beta2, epsilon, weightDecay } = optimizer;
 * assert.deepEqual([beta1, beta2, epsilon, weightDecay], [0.9, 0.999, 1e-8, 0]);
 * ```
 *
 * @example Weight decay as in transformers' Trainer
 * ```ts
 * import { adamw } from "refract";
 *
 * const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.01, decay: "weights" });
 * ```
 *
 * @example LoRA+: a larger learning rate for LoRA's B (Hayou et al. 2024)
 * ```ts
 * import { adamw } from "refract";
 *
 * const optimizer = adamw({ learningRate: 1e-4, groups: [{ match: "lora_B", learningRate: 16e-4 }] });
 * ```
 *
 * @example A head that learns faster than the edits below it
 * ```ts
 * import { adamw } from "refract";
 *
 * const groups = [{ match: "head", learningRate: 1e-3, weightDecay: 0 }] as const;
 * const optimizer = adamw({ learningRate: 4e-4, weightDecay: 0.01, groups });
 * ```
 */
export function adamw(options: SweepableOptions<AdamWOptions>): AdamWSpec {
  requireCall("adamw", arguments);
  return located({ ...usual(), beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options, kind: "adamw" });
}

/** Settings of stochastic gradient descent. */
export interface SgdOptions extends OptimizerOptions {
  /** The rate that the schedule scales. */
  readonly learningRate: number;
  /** The momentum factor, from 0 to below 1; 0 if omitted. */
  readonly momentum?: number;
  /** Whether to use Nesterov momentum; `false` if omitted. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as in torch: weight decay is added to the gradient, and momentum is not dampened
 * (Sutskever et al. 2013).
 *
 * @example With Nesterov momentum
 * ```ts
 * import assert from "node:assert/strict";
 * import { sgd } from "refract";
 *
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true });
 * assert.equal(sgd({ learningRate: 0.1 }).momentum, 0);
 * ```
 */
export function sgd(options: SweepableOptions<SgdOptions>): SgdSpec {
  requireCall("sgd", arguments);
  return located({ ...usual(), momentum: 0, nesterov: false, ...options, kind: "sgd" });
}

/** Settings of Lion. */
export interface LionOptions extends OptimizerOptions {
  /** The rate that the schedule scales: the size of each parameter's step. */
  readonly learningRate: number;
  /** The weight of the moment in the direction of a step; 0.9 if omitted. */
  readonly beta1?: number;
  /** Decay of the moment; 0.99 if omitted. */
  readonly beta2?: number;
}

/**
 * Lion (Chen et al. 2023, algorithm 2): every parameter moves by the learning rate along the sign of a running mean of
 * gradients; weight decay is decoupled. Good learning rates are 3 to 10 times smaller than AdamW's, and weight decay
 * larger by the same factor.
 *
 * @example With weight decay
 * ```ts
 * import assert from "node:assert/strict";
 * import { lion } from "refract";
 *
 * const optimizer = lion({ learningRate: 1e-4, weightDecay: 0.1 });
 * assert.deepEqual([optimizer.beta1, optimizer.beta2], [0.9, 0.99]);
 * ```
 */
export function lion(options: SweepableOptions<LionOptions>): LionSpec {
  requireCall("lion", arguments);
  return located({ ...usual(), beta1: 0.9, beta2: 0.99, ...options, kind: "lion" });
}

/** Settings of Adafactor. */
export interface AdafactorOptions extends OptimizerOptions {
  /**
   * The rate that the schedule scales, as in transformers with `relative_step=False`. If omitted, steps are relative,
   * min(0.01, 1/√step), and no schedule may be given.
   */
  readonly learningRate?: number;
  /** Whether steps are multiplied by the parameter's root mean square; `true` if omitted. */
  readonly scaleParameter?: boolean;
  /** Whether relative steps rise from 0: min(10⁻⁶·step, 1/√step); `false` if omitted. */
  readonly warmupInit?: boolean;
  /** Decay of the first moment; no first moment is kept if omitted. */
  readonly beta1?: number;
  /** The exponent of the second moment's decay, `1 − step^decayRate`; −0.8 if omitted. */
  readonly decayRate?: number;
  /** Updates with a larger root mean square are scaled down to it; 1 if omitted. */
  readonly clipThreshold?: number;
  /** Added to squared gradients; 1e-30 if omitted. */
  readonly epsilon?: number;
  /** Lower bound on a parameter's root mean square; 1e-3 if omitted. */
  readonly scaleEpsilon?: number;
}

/**
 * Adafactor (Shazeer & Stern 2018) as in transformers. For a matrix it keeps only the mean squares of the gradient's
 * rows and columns.
 *
 * @throws {RequestError} If a schedule is given without a learning rate.
 *
 * @example A fixed learning rate, the usual choice for finetuning T5
 * ```ts
 * import { adafactor } from "refract";
 *
 * const optimizer = adafactor({ learningRate: 1e-3, scaleParameter: false });
 * ```
 *
 * @example Relative steps
 * ```ts
 * import assert from "node:assert/strict";
 * import { adafactor } from "refract";
 *
 * assert.equal(adafactor().learningRate, undefined);
 * ```
 */
export function adafactor(options: SweepableOptions<AdafactorOptions> = {}): AdafactorSpec {
  requireCall("adafactor", arguments);
  if (options.learningRate === undefined && options.schedule !== undefined) {
    throw new RequestError("adafactor has no learningRate for the schedule to scale; give one, or omit schedule");
  }
  const own = { scaleParameter: true, warmupInit: false, decayRate: -0.8, clipThreshold: 1, epsilon: 1e-30 };
  return located({ ...usual(), ...own, scaleEpsilon: 1e-3, ...options, kind: "adafactor" });
}
