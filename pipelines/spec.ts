/**
 * What a pipeline declares, as plain data: the DSL's functions return these records, and every later room reads them.
 *
 * @module
 */
import type { ActivationName } from "../ops/interventions/intervention.ts";
import type { InterventionName } from "../ops/interventions/mod.ts";
import type { ScheduleName } from "../ops/optimizers/schedule.ts";
import type { Dataset } from "./data/dataset.ts";
import type { SiteName } from "./models/architecture.ts";

/** A named list of values; a pipeline has one member for each point of its axes. */
export interface Axis<T> {
  readonly kind: "axis";
  readonly name: string;
  readonly values: readonly T[];
  /** The order of declaration. */
  readonly order: number;
}

/** A plain value, or an axis of such values. */
export type Sweepable<T> = T | Axis<T>;

/** Options of which each may be swept. */
export type SweepableOptions<T> = { readonly [K in keyof T]: Sweepable<Exclude<T[K], undefined>> };

/** A declaration with every axis replaced by one of its values. */
export type Resolved<T> = T extends Axis<infer V> ? Resolved<V>
  : T extends readonly (infer E)[] ? readonly Resolved<E>[]
  : T extends object ? { readonly [K in keyof T]: Resolved<T[K]> }
  : T;

/** Which blocks: one, several in order, or all. */
export type Blocks = number | readonly number[] | "all";

/** A site of some blocks. */
export interface SiteSpec {
  readonly blocks: Sweepable<Blocks>;
  readonly site: SiteName;
}

/** The frozen model. */
export interface BaseModelSpec {
  readonly kind: "baseModel";
  readonly source: Sweepable<string>;
  readonly revision?: Sweepable<string>;
}

/** An edit of the representation at some sites and positions. */
export interface EditSpec {
  readonly kind: InterventionName;
  readonly at: Sweepable<SiteSpec>;
  readonly positions: Sweepable<string>;
  readonly rank: Sweepable<number>;
  readonly tied: Sweepable<boolean>;
  readonly activation: Sweepable<ActivationName>;
  readonly orthogonal: Sweepable<boolean>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** Every weight of the model trained; none frozen. */
export interface FullFinetuningSpec {
  readonly kind: "fullFinetuning";
  /** Fresh weights drawn from this seed in place of the model's own. */
  readonly initializeFrom?: Sweepable<number>;
}

/** What is learned of a model. */
export type AdaptationSpec = EditSpec | FullFinetuningSpec;

/** A base model with what is learned of it, in the order of application. */
export interface ModelSpec {
  readonly kind: "model";
  readonly base: Sweepable<BaseModelSpec>;
  readonly edits: readonly Sweepable<AdaptationSpec>[];
}

/** A learning-rate schedule. */
export interface ScheduleSpec {
  readonly kind: ScheduleName;
  /** Share of the steps over which the rate rises from 0. */
  readonly warmup: Sweepable<number>;
}

/** AdamW's settings. */
export interface OptimizerSpec {
  readonly kind: "adamw";
  readonly learningRate: Sweepable<number>;
  readonly schedule: Sweepable<ScheduleSpec>;
  readonly weightDecay: Sweepable<number>;
  readonly beta1: Sweepable<number>;
  readonly beta2: Sweepable<number>;
  readonly epsilon: Sweepable<number>;
}

/** A training. */
export interface TrainSpec {
  readonly kind: "train";
  readonly model: Sweepable<ModelSpec>;
  readonly data: Sweepable<Dataset>;
  readonly epochs: Sweepable<number>;
  readonly batchSize: Sweepable<number>;
  readonly gradientAccumulation: Sweepable<number>;
  readonly optimizer: Sweepable<OptimizerSpec>;
  readonly seed: Sweepable<number>;
  readonly shuffle: Sweepable<boolean>;
  readonly maxLength?: Sweepable<number>;
}

/** How an evaluation turns a prompt into an answer. */
export type DecodingSpec =
  | { readonly kind: "greedy"; readonly maxNewTokens: Sweepable<number> }
  | { readonly kind: "choices"; readonly options: Sweepable<readonly string[] | string> };

/** A number computed from an evaluation's predictions. */
export type MetricSpec = { readonly kind: "exactMatch" | "accuracy" | "loss" };

/** An evaluation. */
export interface EvaluateSpec {
  readonly kind: "evaluate";
  readonly model: Sweepable<ModelSpec | TrainSpec>;
  readonly data: Sweepable<Dataset>;
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  readonly decoding?: Sweepable<DecodingSpec>;
  readonly batchSize: Sweepable<number>;
}

/** A stage of a pipeline. */
export type StageSpec = TrainSpec | EvaluateSpec;

/** A pipeline file's default export. */
export interface Pipeline {
  readonly kind: "pipeline";
  readonly name: string;
  /** Declares the stages; runs no tensor work. */
  readonly build: () => Readonly<Record<string, StageSpec>>;
}
