/** Optimizers and schedules, as declared. @module */
import type { ScheduleName } from "../../ops/optimizers/schedule.ts";
import type { Sweepable } from "./sweepable.ts";

/** Settings of every schedule. */
export interface ScheduleBase {
  /** The share of all steps over which the rate rises from 0, rounded up to whole steps. */
  readonly warmup: Sweepable<number>;
  /** The number of warm-up steps, instead of a share. */
  readonly warmupSteps?: Sweepable<number>;
}

/** A schedule with no settings but its warm-up. */
export interface PlainScheduleSpec extends ScheduleBase {
  /** Which kind of record this is. */
  readonly kind: Exclude<ScheduleName, "polynomial">;
}

/** A schedule that falls as a power of the share of remaining steps. */
export interface PolynomialScheduleSpec extends ScheduleBase {
  /** Which kind of record this is. */
  readonly kind: "polynomial";
  /** The exponent on the share of remaining steps. */
  readonly power: Sweepable<number>;
  /** The rate after the last step. */
  readonly end: Sweepable<number>;
}

/** A learning-rate schedule. */
export type ScheduleSpec = PlainScheduleSpec | PolynomialScheduleSpec;

/**
 * What weight decay applies to: all parameters, as in torch, or all but biases and norms, as in transformers' Trainer.
 */
export type DecayScope = "all" | "weights";

/**
 * What parameters belong to: edits, adapters or one of LoRA's and DoRA's two matrices, prefix tuning, a head, or the
 * base model in full finetuning.
 */
export type ParameterKind = "edits" | "adapters" | "lora_A" | "lora_B" | "prefixTuning" | "head" | "base";

/** Parameters with their own learning rate or weight decay. */
export interface ParameterGroup {
  /** The parameters in this group, except those that an earlier group matches. */
  readonly match: Sweepable<ParameterKind | readonly ParameterKind[]>;
  /** The rate that the schedule scales; the optimizer's if omitted. */
  readonly learningRate?: Sweepable<number>;
  /** Weight decay of these parameters; the optimizer's if omitted. */
  readonly weightDecay?: Sweepable<number>;
}

/** Settings of every optimizer. */
export interface OptimizerBase {
  /** Groups of parameters with their own learning rates and weight decays. */
  readonly groups?: Sweepable<readonly Sweepable<ParameterGroup>[]>;
  /** The factor on the learning rate at each step. */
  readonly schedule: Sweepable<ScheduleSpec>;
  /** Weight decay. */
  readonly weightDecay: Sweepable<number>;
  /** What weight decay applies to. */
  readonly decay: Sweepable<DecayScope>;
}

/** AdamW's settings. */
export interface AdamWSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "adamw";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** Decay of the first moment. */
  readonly beta1: Sweepable<number>;
  /** Decay of the second moment. */
  readonly beta2: Sweepable<number>;
  /** Added to the denominator. */
  readonly epsilon: Sweepable<number>;
}

/** The settings of stochastic gradient descent. */
export interface SgdSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "sgd";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** The momentum factor; 0 for none. */
  readonly momentum: Sweepable<number>;
  /** Whether to use Nesterov momentum. */
  readonly nesterov: Sweepable<boolean>;
}

/** Lion's settings. */
export interface LionSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "lion";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** The weight of the moment in a step. */
  readonly beta1: Sweepable<number>;
  /** Decay of the moment. */
  readonly beta2: Sweepable<number>;
}

/** Adafactor's settings. */
export interface AdafactorSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "adafactor";
  /** The rate that the schedule scales; steps are relative, min(0.01, 1/√step), if omitted. */
  readonly learningRate?: Sweepable<number>;
  /** Whether steps are multiplied by the parameter's root mean square. */
  readonly scaleParameter: Sweepable<boolean>;
  /** Whether relative steps rise from 0. */
  readonly warmupInit: Sweepable<boolean>;
  /** Decay of the first moment; no first moment is kept if omitted. */
  readonly beta1?: Sweepable<number>;
  /** The exponent of the second moment's decay, `1 − step^decayRate`. */
  readonly decayRate: Sweepable<number>;
  /** Updates with a larger root mean square are scaled down to it. */
  readonly clipThreshold: Sweepable<number>;
  /** Added to squared gradients. */
  readonly epsilon: Sweepable<number>;
  /** Lower bound on a parameter's root mean square. */
  readonly scaleEpsilon: Sweepable<number>;
}

/** An optimizer with its settings. */
export type OptimizerSpec = AdamWSpec | SgdSpec | LionSpec | AdafactorSpec;
