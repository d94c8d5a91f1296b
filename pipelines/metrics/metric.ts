/** What a metric is. @module */
import type { Fields } from "../common/checks.ts";
import type { MetricSpec } from "./declared.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";
import type { Statistic } from "./statistic.ts";

/**
 * What has to be made of the rows first: answers or choices, which take a decoding, scores of their completions, rewards of
 * both of their answers, verdicts on answers
 * that are run as programs, or a judge's preferences between them and the completions.
 */
type Reading = "answers" | "choices" | "scores" | "rewards" | "programs" | "judgements";

/** A metric of the texts that a model without a head writes. */
interface TextMeasure {
  readonly reads: Reading;
  readonly statistic: Statistic<MeasuredRow>;
  /** Whether a choice counts only where it is the row's completion. */
  readonly needsEqual?: boolean;
}

/** A metric of the classes that a head predicts. */
interface ClassMeasure {
  /** What else to measure where a head has not two classes, if the metric is defined for two alone. */
  readonly insteadOfBinary?: string;
  readonly statistic: Statistic<HeadPrediction>;
}

/** A metric of the numbers that a head predicts. */
interface NumberMeasure {
  /** Whether it is defined where all rows have the same number. */
  readonly takesEqualNumbers: boolean;
  readonly statistic: Statistic<HeadPrediction>;
  /** Why the number that some rows give is not to be relied on, if it isn't. */
  readonly caution?: (rows: readonly HeadPrediction[]) => string | undefined;
}

/** A metric of the rewards that a head gives to both answers of rows. */
interface PairMeasure {
  readonly statistic: Statistic<MeasuredRow>;
}

/** What a model predicts, which decides the metrics that apply: it writes texts, or its head predicts something. */
interface Measures<S extends MetricSpec> {
  texts(spec: S): TextMeasure;
  classes(spec: S): ClassMeasure;
  numbers(spec: S): NumberMeasure;
  pairs(spec: S): PairMeasure;
}

/** The kinds of what a model predicts. */
export type PredictionKind = keyof Measures<MetricSpec>;

/** All that is known about one kind of metric. */
export interface Metric<S extends MetricSpec = MetricSpec> {
  /** How a pipeline writes it. */
  readonly call: string;
  /** A check of each setting. */
  readonly settings: Fields<S>;
  /** Whether less of it is better. */
  readonly lowerIsBetter: boolean;
  /** The same, where that is for the declaration to say. */
  declaredLower?(spec: S): boolean;
  /** What it is counted in, if it has a unit. */
  unit?(spec: S): string | undefined;
  /** What results call it if its declaration does not say; its kind if omitted. */
  usualName?(spec: S): string;
  /** How it is computed of each kind of prediction that it applies to. */
  readonly measures: Partial<Measures<S>>;
}
