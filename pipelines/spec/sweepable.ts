/** Values that may vary over the members of a pipeline: axes, and values of the best member. @module */
import type { MetricSpec } from "./metric.ts";

/** A named list of values; a pipeline has one member for each point of its axes. */
export interface Axis<out T> {
  /** Which kind of record this is. */
  readonly kind: "axis";
  /** The axis's name in results. */
  readonly name: string;
  /** The values, at least one. */
  readonly values: readonly T[];
  /** The order of declaration. */
  readonly order: number;
  /** Equal for axes that vary together: the n-th value of one is used with the n-th value of the others. */
  readonly zipped?: number;
  /** Whether its members repeat one experiment, so that results report their mean and standard deviation. */
  readonly repeats?: true;
}

/**
 * The label of an axis's value in results: a number, string or boolean itself; for other values their kind or index.
 */
export type AxisLabel = string | number | boolean;

/** A plain value, an axis of such values, or the best member's value. */
export type Sweepable<T> = T | Axis<T> | BestValueSpec<T>;

/** Options that may each be swept. */
export type SweepableOptions<T> = { readonly [K in keyof T]: Sweepable<Exclude<T[K], undefined>> };

/** A declaration with every axis replaced by one of its values. */
export type Resolved<T> = T extends Axis<infer V> ? Resolved<V>
  : T extends BestValueSpec<infer V> ? Resolved<V>
  : T extends BestSpec ? never
  : T extends (...inputs: never[]) => unknown ? T
  : T extends readonly (infer E)[] ? readonly Resolved<E>[]
  : T extends object ? { readonly [K in keyof T]: Resolved<T[K]> }
  : T;

/** Successive halving: each round keeps a share of the members and gives them the budget of those that it stops. */
export interface HalvingSpec {
  /** Which kind of record this is. */
  readonly kind: "halving";
  /** The metric by which members are compared. */
  readonly by: MetricSpec;
  /** The number of rounds. */
  readonly rounds: number;
  /** The share of members that each round keeps. */
  readonly keep: number;
}

/** The evaluation in which members are compared, without depending on the types of its declarations. */
export interface ComparedSpec {
  /** Which kind of record this is. */
  readonly kind: "evaluate";
  /** The model that it measures. */
  readonly model: unknown;
  /** Its metrics. */
  readonly metrics: unknown;
}

/** The model of an evaluation's best member by a metric. */
export interface BestSpec<out Stage extends ComparedSpec = ComparedSpec> {
  /** Which kind of record this is. */
  readonly kind: "best";
  /** The evaluation in which members are compared. */
  readonly stage: Stage;
  /** How they are compared. */
  readonly by: MetricSpec | HalvingSpec;
}

/** The best member's value on an axis. */
export interface BestValueSpec<out T> {
  /** Which kind of record this is. */
  readonly kind: "bestValue";
  /** The best member. */
  readonly best: BestSpec;
  /** One of the axes that its evaluation depends on. */
  readonly axis: Axis<T>;
}
