/** The definition of a metric. @module */
import type { Fields } from "../common/checks.ts";
import type { RowList } from "../common/row_list.ts";
import type { MetricSpec } from "./declared.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";
import type { Statistic } from "./statistic.ts";

/**
 * What must be computed for the rows first: answers or choices, which need a decoding; scores of their completions;
 * rewards of both of their answers; verdicts on answers that are run as programs; or a judge's preferences between
 * answers and completions.
 */
type Reading = "answers" | "choices" | "scores" | "rewards" | "programs" | "judgements";

/** A metric of the texts that a model without a head generates. */
interface TextMeasure {
  readonly reads: Reading;
  readonly statistic: Statistic<MeasuredRow>;
  /** Whether a choice is correct only if it equals the row's completion. */
  readonly needsEqual?: boolean;
}

/** A metric of the classes that a head predicts. */
interface ClassMeasure {
  /** If the metric is only defined for two classes, the metric to use instead for other heads. */
  readonly insteadOfBinary?: string;
  readonly statistic: Statistic<HeadPrediction>;
}

/** A metric of the numbers that a head predicts. */
interface NumberMeasure {
  /** Whether it is defined if all labels are the same number. */
  readonly takesEqualNumbers: boolean;
  readonly statistic: Statistic<HeadPrediction>;
  /** The reason why the metric of some rows may be unreliable, if any. */
  readonly caution?: (rows: RowList<HeadPrediction>) => string | undefined;
}

/** A metric of the rewards that a head gives to both answers of rows. */
interface PairMeasure {
  readonly statistic: Statistic<MeasuredRow>;
}

/** How a metric is computed for each kind of prediction: generated texts, or the outputs of a head. */
interface Measures<S extends MetricSpec> {
  texts(spec: S): TextMeasure;
  classes(spec: S): ClassMeasure;
  numbers(spec: S): NumberMeasure;
  pairs(spec: S): PairMeasure;
}

/** The kinds of predictions. */
export type PredictionKind = keyof Measures<MetricSpec>;

/** One kind of metric. */
export interface Metric<S extends MetricSpec = MetricSpec> {
  /** The call that a pipeline writes for it. */
  readonly call: string;
  /** A check of each setting. */
  readonly settings: Fields<S>;
  /** Whether lower is better. */
  readonly lowerIsBetter: boolean;
  /** The same, if it depends on the declaration. */
  declaredLower?(spec: S): boolean;
  /** Its unit, if any. */
  unit?(spec: S): string | undefined;
  /** Its default name in results; its kind if omitted. */
  usualName?(spec: S): string;
  /** Paths of files that it reads, as the pipeline gives them. */
  files?(spec: S): readonly string[];
  /** How it is computed for each kind of prediction that it applies to. */
  readonly measures: Partial<Measures<S>>;
}
