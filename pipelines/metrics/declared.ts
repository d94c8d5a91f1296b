/** Metrics as a pipeline declares them. @module */
import type { ScoringSpec } from "../tasks/scoring/scoring.ts";
import type { GamedBaselines } from "../tasks/alpaca_eval/gamed.ts";
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
export interface ReferenceSettings extends AnswerSettings {
  /** The row's field that lists the right answers; the completion alone if omitted. */
  readonly references?: string;
}

/** What ROUGE counts: words, pairs of words, or the longest common subsequence. */
export type RougeVariant = "rouge1" | "rouge2" | "rougeL";

/** The metrics of which GLUE reports the mean, two for a task. */
export type CombinedName = "accuracy" | "f1" | "pearson" | "spearman";

/** Settings of a metric of one's own. */
export interface OwnSettings extends AnswerSettings {
  /** What results call it. */
  readonly name: string;
  /** A row's number, of which the mean is reported. */
  measure?(prediction: string | number, row: MeasuredRow): number | boolean;
  /** One number of all rows. */
  measureAll?(predictions: readonly (string | number)[], rows: readonly MeasuredRow[]): number;
  /** How often rows are drawn for the standard error of `measureAll`. */
  readonly resamples?: number;
  /** Whether less of it is better. */
  readonly lowerIsBetter: boolean;
  /** What it is counted in. */
  readonly unit?: string;
  /** What the evaluation has to make of the rows first. */
  readonly reads: "answers" | "scores";
}

/** How programs are run. */
export interface ProgramsSettings {
  /** The task whose tests they have to pass. */
  readonly task: string;
  /** The row's field that names its problem. */
  readonly problem: string;
  /** What a program may take, in seconds. */
  readonly seconds: number;
}

/** What is reported of a judge's preferences, by AlpacaEval's names. */
export type JudgedRate =
  | "win_rate"
  | "discrete_win_rate"
  | "length_controlled_winrate"
  | "length_controlled_minimal";

/** Who compares answers with the rows' completions, and how. */
export interface JudgeSettings {
  /** The address of an OpenAI-compatible endpoint. */
  readonly endpoint: string;
  /** The model that judges. */
  readonly model: string;
  /** The environment variable with the endpoint's key. */
  readonly key?: string;
  /** Whether its answers are weighted by their log-probabilities. */
  readonly weighted: boolean;
  /** The row's field with the instruction. */
  readonly instruction: string;
  /** What the answers' model is called; the base model's name if omitted. */
  readonly generator?: string;
  /** AlpacaEval's `df_gamed.csv`: its path, and once an evaluation is prepared what it has. */
  readonly gamed?: string | GamedBaselines;
  /** What a million tokens of questions cost, in dollars. */
  readonly priceIn?: number;
  /** What a million tokens of answers cost, in dollars. */
  readonly priceOut?: number;
}

/** The settings of each kind of metric. */
export interface MetricSettings {
  /** The share of answers equal to the completion. */
  readonly exactMatch: AnswerSettings;
  /** The share of answers whose last number is the completion's. */
  readonly numericMatch: AnswerSettings & { readonly tolerance: number };
  /** The share of answers in which a pattern finds the completion. */
  readonly regexMatch: AnswerSettings & { readonly pattern: string; readonly flags: string; readonly take: TakenMatch };
  /** The overlap of words, as SQuAD has it. */
  readonly tokenF1: ReferenceSettings;
  /** BLEU of all answers. */
  readonly bleu: ReferenceSettings;
  /** ROUGE of each answer. */
  readonly rouge: ReferenceSettings & { readonly variant: RougeVariant };
  /** The share of choices or classes that are right. */
  readonly accuracy: AnswerSettings & {
    readonly by?: ScoredBy;
    /** The row's field with the number of the right choice, from 0 up; the completion says it if omitted. */
    readonly gold?: string;
  };
  /** The share of answers that a task's published rule takes for right. */
  readonly taskAccuracy: NamedSettings & {
    /** What the rule is called. */
    readonly scoring: string;
    /** The rule. */
    readonly rule: ScoringSpec;
    /** The row's field with what is right. */
    readonly label: string;
  };
  /** How likely one of some programs passes its problem's tests. */
  readonly passAtK: NamedSettings & ProgramsSettings & {
    /** Of how many programs one has to pass. */
    readonly k: number;
  };
  /** How often another model takes an answer for the better one. */
  readonly judge: NamedSettings & JudgeSettings & {
    /** What of its preferences is reported. */
    readonly report: JudgedRate;
  };
  /** The mean of metrics, as GLUE's combined score. */
  readonly combined: NamedSettings & { readonly parts: readonly CombinedName[] };
  /** F1 of the second of two classes. */
  readonly f1: MappedSettings;
  /** The mean F1 of classes. */
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
  /** The likelihood of completions in bits a byte. */
  readonly bitsPerByte: NamedSettings;
  /** The share of rows whose chosen answer has the larger reward. */
  readonly rewardAccuracy: NamedSettings;
  /** By how much the chosen answers' rewards are larger. */
  readonly rewardMargin: NamedSettings;
  /** What a function of the pipeline gives. */
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
