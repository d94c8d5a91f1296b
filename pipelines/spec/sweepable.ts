/** Values that may vary over the members of a pipeline: axes, and what the best of several members has. @module */
import type { MetricSpec } from "./metric.ts";

/** A named list of values; a pipeline has one member for each point of its axes. */
export interface Axis<out T> {
  /** Which kind of record this is. */
  readonly kind: "axis";
  /** Names it in results. */
  readonly name: string;
  /** At least one. */
  readonly values: readonly T[];
  /** The order of declaration. */
  readonly order: number;
  /** Equal for axes that move together: the n-th value of one goes with the n-th of each other. */
  readonly zipped?: number;
  /** Whether its members repeat one experiment, so that results report their mean and deviation. */
  readonly repeats?: true;
}

/** What results call an axis's value: a number, text or boolean as it is, other values by their kind or their number. */
export type AxisLabel = string | number | boolean;

/** A plain value, an axis of such values, or the value that the best of several members has. */
export type Sweepable<T> = T | Axis<T> | BestValueSpec<T>;

/** Options of which each may be swept. */
export type SweepableOptions<T> = { readonly [K in keyof T]: Sweepable<Exclude<T[K], undefined>> };

/** A declaration with every axis replaced by one of its values. */
export type Resolved<T> = T extends Axis<infer V> ? Resolved<V>
  : T extends BestValueSpec<infer V> ? Resolved<V>
  : T extends BestSpec ? never
  : T extends (...inputs: never[]) => unknown ? T
  : T extends readonly (infer E)[] ? readonly Resolved<E>[]
  : T extends object ? { readonly [K in keyof T]: Resolved<T[K]> }
  : T;

/** Members stopped early: each round keeps a share of them and gives these the budget of those that it stops. */
export interface HalvingSpec {
  /** Which kind of record this is. */
  readonly kind: "halving";
  /** What they are compared by. */
  readonly by: MetricSpec;
  /** How often they are compared. */
  readonly rounds: number;
  /** The share that each round keeps. */
  readonly keep: number;
}

/** The evaluation in which members are compared: what there is to know of it without the declarations that it is made of. */
export interface ComparedSpec {
  /** Which kind of record this is. */
  readonly kind: "evaluate";
  /** What it is done with. */
  readonly model: unknown;
  /** What it measures. */
  readonly metrics: unknown;
}

/** The model of that member of an evaluation which is best by a metric. */
export interface BestSpec<out Stage extends ComparedSpec = ComparedSpec> {
  /** Which kind of record this is. */
  readonly kind: "best";
  /** What its members are compared in. */
  readonly stage: Stage;
  /** What they are compared by. */
  readonly by: MetricSpec | HalvingSpec;
}

/** The value that a best member has on an axis. */
export interface BestValueSpec<out T> {
  /** Which kind of record this is. */
  readonly kind: "bestValue";
  /** Which member. */
  readonly best: BestSpec;
  /** One of those that its evaluation depends on. */
  readonly axis: Axis<T>;
}
