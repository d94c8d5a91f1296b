import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { ExtractAnswer, RougeVariant, TakenMatch } from "../metrics/declared.ts";
import type { MeasuredRow } from "../metrics/prediction.ts";
import type { MetricSpec } from "../spec/mod.ts";
import type { MetricOptions } from "./metrics.ts";
import { requireCall } from "./calls.ts";

/** Settings of metrics that compare answers. */
export interface AnswerMetricOptions extends MetricOptions {
  /** Returns the part of the generated text to compare; `undefined` if there is none, which is never correct. */
  readonly extract?: ExtractAnswer;
  /** Returns the text to compare instead of an answer; called after `extract`. */
  readonly map?: (answer: string, row: MeasuredRow) => string;
}

/**
 * The share of answers equal to the row's completion, ignoring surrounding spaces.
 *
 * @param options The part of an answer to compare, and the metric's name in results.
 *
 * @example Whole answers, and the part after the last colon
 * ```ts
 * import { baseModel, evaluate, exactMatch, greedy, jsonl } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = greedy({ maxNewTokens: 8 });
 * const stated = exactMatch({ name: "stated", extract: (text) => text.split(":").at(-1) });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [exactMatch(), stated] });
 * ```
 */
export function exactMatch(options: AnswerMetricOptions = {}): MetricSpec {
  requireCall("exactMatch", arguments);
  return located({ ...options, kind: "exactMatch" });
}

/** Settings of accuracy. */
export interface AccuracyOptions extends AnswerMetricOptions {
  /**
   * How `choices` are compared, if not as declared; one evaluation may measure several ways. In results the metric is
   * called `accuracyByCharacter` and so on.
   */
  readonly by?: ScoredBy;
}

/**
 * With `choices`, the share of rows whose chosen answer is the completion; with a head, whose predicted class is the
 * label.
 *
 * @param options How choices are compared, the part of an answer to compare, and the metric's name in results.
 *
 * @example The likelier of two answers, by the sum of log-likelihoods and by their mean per character
 * ```ts
 * import { accuracy, baseModel, choices, evaluate, jsonl } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = choices(["yes", "no"]);
 * const metrics = [accuracy(), accuracy({ by: "character" })];
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics });
 * ```
 */
export function accuracy(options: AccuracyOptions = {}): MetricSpec {
  requireCall("accuracy", arguments);
  const { by, extract, map } = options;
  if (by !== undefined && (extract !== undefined || map !== undefined)) {
    throw new RequestError("accuracy has both by, which compares choices as they are, and extract or map; omit one");
  }
  return located({ ...options, kind: "accuracy" });
}

/** Settings of a numeric match. */
export interface NumericMatchOptions extends AnswerMetricOptions {
  /** The largest difference between equal numbers; 0.001 if omitted. */
  readonly tolerance?: number;
}

/**
 * The share of answers whose last number equals the completion's last number, as in the ReFT paper's arithmetic tasks:
 * commas are removed, and a number is `-?\d+\.?\d*`.
 *
 * @param options The tolerance, and the part of an answer to compare.
 *
 * @example The number after a chain of thought
 * ```ts
 * import { baseModel, evaluate, greedy, jsonl, numericMatch } from "refract";
 *
 * const data = jsonl("./gsm8k.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = greedy({ maxNewTokens: 256 });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [numericMatch()] });
 * ```
 */
export function numericMatch({ tolerance = 1e-3, ...options }: NumericMatchOptions = {}): MetricSpec {
  requireCall("numericMatch", arguments);
  return located({ ...options, tolerance, kind: "numericMatch" });
}

/** Settings of a pattern match. */
export interface RegexMatchOptions extends AnswerMetricOptions {
  /** Which of several matches is compared; the first if omitted. */
  readonly take?: TakenMatch;
}

/**
 * The share of answers in which the pattern's match equals the completion: its first group if it has one, otherwise the
 * whole match.
 *
 * @param pattern The pattern to search for.
 * @param options Which match is compared, and the part of an answer to search.
 *
 * @example The first letter of an answer, as the ReFT paper scores AQuA
 * ```ts
 * import { baseModel, evaluate, greedy, jsonl, regexMatch } from "refract";
 *
 * const data = jsonl("./aqua.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = greedy({ maxNewTokens: 256 });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [regexMatch(/A|B|C|D|E/)] });
 * ```
 */
export function regexMatch(pattern: RegExp, { take = "first", ...options }: RegexMatchOptions = {}): MetricSpec {
  requireCall("regexMatch", arguments);
  return located({ ...options, pattern: pattern?.source, flags: pattern?.flags, take, kind: "regexMatch" });
}

/** Settings of metrics that compare an answer with one or more references. */
export interface ReferenceMetricOptions extends AnswerMetricOptions {
  /** The row's field that lists the correct answers; the completion is the only one if omitted. */
  readonly references?: string;
}

/**
 * The mean F1 between an answer's words and the correct answer's, as in SQuAD's evaluation script (version 2.0): in
 * lower case, without punctuation and articles. If there are several correct answers, the best match counts.
 *
 * @param options The field that lists correct answers, and the part of an answer to compare.
 *
 * @example Questions with several correct answers
 * ```ts
 * import { baseModel, evaluate, greedy, jsonl, tokenF1 } from "refract";
 *
 * const data = jsonl("./squad.jsonl", { prompt: "{context}\n{question}\n", completion: "{answer}" });
 * const metrics = [tokenF1({ references: "answers" })];
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding: greedy({ maxNewTokens: 16 }), metrics });
 * ```
 */
export function tokenF1(options: ReferenceMetricOptions = {}): MetricSpec {
  requireCall("tokenF1", arguments);
  return located({ ...options, kind: "tokenF1" });
}

/**
 * Corpus BLEU over all answers, from 0 to 100, with sacrebleu's defaults: tokenizer 13a, n-grams of up to four words,
 * exponential smoothing (Papineni et al. 2002; Post 2018).
 *
 * @param options The field that lists references, and the part of an answer to compare.
 *
 * @example Translations
 * ```ts
 * import { baseModel, bleu, evaluate, greedy, jsonl } from "refract";
 *
 * const data = jsonl("./wmt.jsonl", { prompt: "{en}\n", completion: "{de}" });
 * const decoding = greedy({ maxNewTokens: 64 });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [bleu()] });
 * ```
 */
export function bleu(options: ReferenceMetricOptions = {}): MetricSpec {
  requireCall("bleu", arguments);
  return located({ ...options, kind: "bleu" });
}

/**
 * The mean ROUGE F1 of answers, from 0 to 1, as the package rouge-score computes it without stemming (Lin 2004).
 *
 * @param variant Words (`rouge1`), pairs of words (`rouge2`) or the longest common subsequence (`rougeL`); also the
 * metric's name in results.
 * @param options The field that lists references, and the part of an answer to compare.
 *
 * @example All three variants on summaries
 * ```ts
 * import { baseModel, evaluate, greedy, jsonl, rouge } from "refract";
 *
 * const data = jsonl("./summaries.jsonl", { prompt: "{text}\nSummary:", completion: " {summary}" });
 * const metrics = [rouge("rouge1"), rouge("rouge2"), rouge("rougeL")];
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding: greedy({ maxNewTokens: 64 }), metrics });
 * ```
 */
export function rouge(variant: RougeVariant, options: ReferenceMetricOptions = {}): MetricSpec {
  requireCall("rouge", arguments);
  return located({ ...options, variant, kind: "rouge" });
}
