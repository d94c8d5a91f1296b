/** How gradients become steps, as it is declared. @module */
import type { ScheduleName } from "../../ops/optimizers/schedule.ts";
import type { Sweepable } from "./sweepable.ts";

/** What every schedule has. */
export interface ScheduleBase {
  /** Share of the steps over which the rate rises from 0; their number is rounded up. */
  readonly warmup: Sweepable<number>;
  /** A number of steps in place of the share. */
  readonly warmupSteps?: Sweepable<number>;
}

/** A schedule that its warm-up alone shapes. */
export interface PlainScheduleSpec extends ScheduleBase {
  /** Which kind of record this is. */
  readonly kind: Exclude<ScheduleName, "polynomial">;
}

/** A schedule that falls as a power of the steps that are left. */
export interface PolynomialScheduleSpec extends ScheduleBase {
  /** Which kind of record this is. */
  readonly kind: "polynomial";
  /** Of the share of steps left. */
  readonly power: Sweepable<number>;
  /** The rate after the last step. */
  readonly end: Sweepable<number>;
}

/** A learning-rate schedule. */
export type ScheduleSpec = PlainScheduleSpec | PolynomialScheduleSpec;

/** What weight decay acts on: every parameter as in torch, or all but biases and norms as transformers' Trainer has it. */
export type DecayScope = "all" | "weights";

/**
 * What parameters are of: edits, adapters, of these LoRA's and DoRA's two matrices, prefix tuning, a head, or the base
 * model where all of it is trained.
 */
export type ParameterKind = "edits" | "adapters" | "lora_A" | "lora_B" | "prefixTuning" | "head" | "base";

/** Parameters that have a rate or a decay of their own. */
export interface ParameterGroup {
  /** Which; those that an earlier group has are not taken again. */
  readonly match: Sweepable<ParameterKind | readonly ParameterKind[]>;
  /** The rate that the schedule scales; the optimizer's if omitted. */
  readonly learningRate?: Sweepable<number>;
  /** Decay of these parameters; the optimizer's if omitted. */
  readonly weightDecay?: Sweepable<number>;
}

/** What every optimizer has. */
export interface OptimizerBase {
  /** Parameters with rates and decays of their own. */
  readonly groups?: Sweepable<readonly Sweepable<ParameterGroup>[]>;
  /** A factor on the rate at each step. */
  readonly schedule: Sweepable<ScheduleSpec>;
  /** Decay of the parameters. */
  readonly weightDecay: Sweepable<number>;
  /** What it acts on. */
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
  /** Added to the deviation. */
  readonly epsilon: Sweepable<number>;
}

/** The settings of stochastic gradient descent. */
export interface SgdSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "sgd";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** How much of the last step's direction is kept; 0 for none. */
  readonly momentum: Sweepable<number>;
  /** Whether a step looks ahead along the momentum. */
  readonly nesterov: Sweepable<boolean>;
}

/** Lion's settings. */
export interface LionSpec extends OptimizerBase {
  /** Which kind of record this is. */
  readonly kind: "lion";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** The share of the moment in a step. */
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
  /** Whether steps are multiplied by the root mean square of the parameter. */
  readonly scaleParameter: Sweepable<boolean>;
  /** Whether relative steps rise from 0. */
  readonly warmupInit: Sweepable<boolean>;
  /** Decay of the first moment; none is kept if omitted. */
  readonly beta1?: Sweepable<number>;
  /** The second moment forgets the past by `step^decayRate`. */
  readonly decayRate: Sweepable<number>;
  /** An update of a larger root mean square is scaled down to it. */
  readonly clipThreshold: Sweepable<number>;
  /** Added to squared gradients. */
  readonly epsilon: Sweepable<number>;
  /** The least root mean square that a parameter is taken to have. */
  readonly scaleEpsilon: Sweepable<number>;
}

/** An optimizer with its settings. */
export type OptimizerSpec = AdamWSpec | SgdSpec | LionSpec | AdafactorSpec;
