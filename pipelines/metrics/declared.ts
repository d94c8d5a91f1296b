/** Metrics as a pipeline declares them. @module */
import type { ScoredBy } from "./choice_scores.ts";
import type { MeasuredRow } from "./prediction.ts";

/** What of an answer is measured; `undefined` where there is nothing in it, which is never right. */
export type ExtractAnswer = (text: string, row: MeasuredRow) => string | null | undefined;

/** Settings of every metric. */
export interface NamedSettings {
  /** What results call it. */
  readonly name?: string;
}

/** Settings of metrics of what is predicted. */
export interface MappedSettings extends NamedSettings {
  /** What is measured in place of each prediction: a text, a class's name or a number. */
  map?(prediction: string | number, row: MeasuredRow): string | number;
}

/** Settings of metrics of answers. */
export interface AnswerSettings extends MappedSettings {
  /** What of an answer is measured, before `map`. */
  readonly extract?: ExtractAnswer;
}

/** Settings of metrics that compare an answer with any of several texts. */
interface ReferenceSettings extends AnswerSettings {
  /** The row's field that lists the right answers; the completion alone if omitted. */
  readonly references?: string;
}

/** What ROUGE counts: words, pairs of words, or the longest common subsequence. */
export type RougeVariant = "rouge1" | "rouge2" | "rougeL";

/** Settings of a metric of one's own. */
export interface OwnSettings extends AnswerSettings {
  readonly name: string;
  /** A row's number, of which the mean is reported. */
  measure?(prediction: string | number, row: MeasuredRow): number | boolean;
  /** One number of all rows. */
  measureAll?(predictions: readonly (string | number)[], rows: readonly MeasuredRow[]): number;
  /** How often rows are drawn for the standard error of `measureAll`. */
  readonly resamples?: number;
  readonly lowerIsBetter: boolean;
  readonly unit?: string;
  /** What the evaluation has to make of the rows first. */
  readonly reads: "answers" | "scores";
}

/** The settings of each kind of metric. */
interface MetricSettings {
  readonly exactMatch: AnswerSettings;
  readonly numericMatch: AnswerSettings & { readonly tolerance: number };
  readonly regexMatch: AnswerSettings & { readonly pattern: string; readonly flags: string; readonly take: TakenMatch };
  readonly tokenF1: ReferenceSettings;
  readonly bleu: ReferenceSettings;
  readonly rouge: ReferenceSettings & { readonly variant: RougeVariant };
  readonly accuracy: AnswerSettings & { readonly by?: ScoredBy };
  readonly f1: MappedSettings;
  readonly macroF1: MappedSettings;
  readonly matthews: MappedSettings;
  readonly pearson: MappedSettings;
  readonly spearman: MappedSettings;
  readonly mse: MappedSettings;
  readonly loss: NamedSettings;
  readonly perplexity: NamedSettings;
  readonly bitsPerByte: NamedSettings;
  readonly metric: OwnSettings;
}

/** Which of several matches counts. */
export type TakenMatch = "first" | "last";

/** A kind of metric. */
export type MetricName = keyof MetricSettings;

/** A number computed from an evaluation's predictions. */
export type MetricSpec = { readonly [K in MetricName]: { readonly kind: K } & MetricSettings[K] }[MetricName];

/** What a pipeline declares of one kind of metric. */
export type SpecOf<K extends MetricName> = Extract<MetricSpec, { readonly kind: K }>;
