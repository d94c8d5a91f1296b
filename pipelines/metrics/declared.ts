/** Metrics, as declared in a pipeline. @module */
import type { ScoringSpec } from "../tasks/scoring/scoring.ts";
import type { ScoredBy } from "./choice_scores.ts";
import type { MeasuredRow } from "./prediction.ts";

/** Returns the part of an answer to compare; `undefined` if there is none, which is never correct. */
export type ExtractAnswer = (text: string, row: MeasuredRow) => string | null | undefined;

/** Settings of every metric. */
export interface NamedSettings {
  /** The metric's name in results. */
  readonly name?: string;
}

/** Settings of metrics that compare predictions. */
export interface MappedSettings extends NamedSettings {
  /** Returns the text, class name or number to compare instead of a prediction. */
  map?(prediction: string | number, row: MeasuredRow): string | number;
}

/** Settings of metrics that compare answers. */
export interface AnswerSettings extends MappedSettings {
  /** Returns the part of an answer to compare; called before `map`. */
  readonly extract?: ExtractAnswer;
}

/** Settings of metrics that compare an answer with one or more references. */
export interface ReferenceSettings extends AnswerSettings {
  /** The row's field that lists the correct answers; the completion is the only one if omitted. */
  readonly references?: string;
}

/** What ROUGE counts: words, pairs of words, or the longest common subsequence. */
export type RougeVariant = "rouge1" | "rouge2" | "rougeL";

/** The metrics that may be part of GLUE's combined scores. */
export type CombinedName = "accuracy" | "f1" | "pearson" | "spearman";

/** Settings of a custom metric. */
export interface OwnSettings extends AnswerSettings {
  /** The metric's name in results. */
  readonly name: string;
  /** Returns a row's number; the mean is reported. */
  measure?(prediction: string | number, row: MeasuredRow): number | boolean;
  /** Returns one number for all rows. */
  measureAll?(predictions: readonly (string | number)[], rows: readonly MeasuredRow[]): number;
  /** The number of bootstrap samples for the standard error of `measureAll`. */
  readonly resamples?: number;
  /** Whether lower is better. */
  readonly lowerIsBetter: boolean;
  /** Its unit. */
  readonly unit?: string;
  /** What the evaluation has to compute for the rows first. */
  readonly reads: "answers" | "scores";
}

/** How programs are run. */
export interface ProgramsSettings {
  /** The task whose tests they must pass. */
  readonly task: string;
  /** The row's field that names its problem. */
  readonly problem: string;
  /** The time limit of a program, in seconds. */
  readonly seconds: number;
}

/** What is reported of a judge's preferences, by AlpacaEval's names. */
export type JudgedRate =
  | "win_rate"
  | "discrete_win_rate"
  | "length_controlled_winrate"
  | "length_controlled_minimal";

/** The judge that compares answers with the rows' completions. */
export interface JudgeSettings {
  /** The URL of an OpenAI-compatible endpoint. */
  readonly endpoint: string;
  /** The model that judges. */
  readonly model: string;
  /** The environment variable that holds the API key. */
  readonly key?: string;
  /** Whether the judge's answers are weighted by their log-probabilities. */
  readonly weighted: boolean;
  /** The row's field with the instruction. */
  readonly instruction: string;
  /** The name of the evaluated model; the base model's name if omitted. */
  readonly generator?: string;
  /** AlpacaEval's `df_gamed.csv`: its path or, once an evaluation is prepared, its content. */
  readonly gamed?: string | {
    readonly comparisons: readonly {
      readonly preference: number;
      readonly difficulty: number;
      readonly lengthDifference: number;
    }[];
    /** By the instruction's number. */
    readonly difficulties: Readonly<Record<number, number>>;
  };
  /** The price of a million input tokens, in dollars. */
  readonly priceIn?: number;
  /** The price of a million output tokens, in dollars. */
  readonly priceOut?: number;
}

/** The settings of each kind of metric. */
export interface MetricSettings {
  /** The share of answers equal to the completion. */
  readonly exactMatch: AnswerSettings;
  /** The share of answers whose last number equals the completion's. */
  readonly numericMatch: AnswerSettings & { readonly tolerance: number };
  /** The share of answers in which a pattern's match equals the completion. */
  readonly regexMatch: AnswerSettings & { readonly pattern: string; readonly flags: string; readonly take: TakenMatch };
  /** The F1 of words, as in SQuAD. */
  readonly tokenF1: ReferenceSettings;
  /** Corpus BLEU over all answers. */
  readonly bleu: ReferenceSettings;
  /** The mean ROUGE of answers. */
  readonly rouge: ReferenceSettings & { readonly variant: RougeVariant };
  /** The share of choices or classes that are correct. */
  readonly accuracy: AnswerSettings & {
    readonly by?: ScoredBy;
    /**
     * The row's field with the index of the correct choice, from 0; if omitted, the completion is the correct choice.
     */
    readonly gold?: string;
  };
  /** The share of answers that a task's published rule accepts. */
  readonly taskAccuracy: NamedSettings & {
    /** The rule's name. */
    readonly scoring: string;
    /** The rule. */
    readonly rule: ScoringSpec;
    /** The row's field with the correct answer. */
    readonly label: string;
  };
  /** The probability that at least one of k programs passes its problem's tests. */
  readonly passAtK: NamedSettings & ProgramsSettings & {
    /** The number of programs of which at least one must pass. */
    readonly k: number;
  };
  /** How often another model prefers an answer to the completion. */
  readonly judge: NamedSettings & JudgeSettings & {
    /** The win rate that is reported. */
    readonly report: JudgedRate;
  };
  /** The mean of metrics, like GLUE's combined score. */
  readonly combined: NamedSettings & { readonly parts: readonly CombinedName[] };
  /** F1 of the second of two classes. */
  readonly f1: MappedSettings;
  /** The mean F1 over classes. */
  readonly macroF1: MappedSettings;
  /** Matthews' correlation of classes. */
  readonly matthews: MappedSettings;
  /** Pearson's correlation of numbers. */
  readonly pearson: MappedSettings;
  /** Spearman's correlation of numbers. */
  readonly spearman: MappedSettings;
  /** The mean squared error of numbers. */
  readonly mse: MappedSettings;
  /** The loss that a training minimizes. */
  readonly loss: NamedSettings;
  /** The exponential of the loss. */
  readonly perplexity: NamedSettings;
  /** The negative log-likelihood of completions in bits per byte. */
  readonly bitsPerByte: NamedSettings;
  /** The share of rows whose chosen answer has the larger reward. */
  readonly rewardAccuracy: NamedSettings;
  /** The mean difference between the chosen and the rejected answers' rewards. */
  readonly rewardMargin: NamedSettings;
  /** A custom metric. */
  readonly metric: OwnSettings;
}

/** Which of several matches is compared. */
export type TakenMatch = "first" | "last";

/** A kind of metric. */
export type MetricName = keyof MetricSettings;

/** A number computed from an evaluation's predictions. */
export type MetricSpec = { readonly [K in MetricName]: { readonly kind: K } & MetricSettings[K] }[MetricName];

/** The declaration of one kind of metric. */
export type SpecOf<K extends MetricName> = Extract<MetricSpec, { readonly kind: K }>;
