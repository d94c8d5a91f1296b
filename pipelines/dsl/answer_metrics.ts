import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { ExtractAnswer, RougeVariant, TakenMatch } from "../metrics/declared.ts";
import type { MeasuredRow } from "../metrics/prediction.ts";
import type { MetricSpec } from "../spec/mod.ts";
import type { MetricOptions } from "./metrics.ts";
import { requireCall } from "./calls.ts";

/** Settings of metrics of answers. */
export interface AnswerMetricOptions extends MetricOptions {
  /** What of the text that was written is measured; `undefined` where there is nothing in it, which is never right. */
  readonly extract?: ExtractAnswer;
  /** What is measured in place of an answer, after `extract`. */
  readonly map?: (answer: string, row: MeasuredRow) => string;
}

/**
 * The share of answers equal to the row's completion, spaces around both left aside.
 *
 * @param options What is compared of an answer, and what results call the metric.
 *
 * @example Answers as they are, and what follows the last colon of each
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
   * What `choices` are compared by, in place of what they are declared with: one evaluation may measure several. Results
   * call it `accuracyByCharacter` and so on.
   */
  readonly by?: ScoredBy;
}

/**
 * The share of rows whose answer is the row's completion, for `choices`, or whose class is the row's, for a head.
 *
 * @param options What choices are compared by, what is compared of an answer, and what results call the metric.
 *
 * @example Which of two answers is the likelier, by their sums and by the mean of each one's characters
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
    throw new RequestError("accuracy has by, which takes choices as they are, together with extract or map; omit one");
  }
  return located({ ...options, kind: "accuracy" });
}

/** Settings of a match of numbers. */
export interface NumericMatchOptions extends AnswerMetricOptions {
  /** How far the numbers may be apart; 0.001 if omitted. */
  readonly tolerance?: number;
}

/**
 * The share of answers whose last number is the completion's, as the ReFT paper's arithmetic tasks count them: commas are
 * dropped, and a number is `-?\d+\.?\d*`. A completion of more than a number counts by its last one too.
 *
 * @param options How far the numbers may be apart, and what is read of an answer.
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

/** Settings of a match of a pattern. */
export interface RegexMatchOptions extends AnswerMetricOptions {
  /** Which of several matches counts; the first if omitted. */
  readonly take?: TakenMatch;
}

/**
 * The share of answers in which a pattern finds the completion: its first group where it has one, else all that matches.
 *
 * @param pattern What is sought.
 * @param options Which match counts, and what is read of an answer.
 *
 * @example The first letter of an answer, as the ReFT paper counts AQuA
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

/** Settings of metrics that compare an answer with any of several texts. */
export interface ReferenceMetricOptions extends AnswerMetricOptions {
  /** The row's field that lists the right answers; the completion alone is right if omitted. */
  readonly references?: string;
}

/**
 * The mean F1 of an answer's words and the right one's, as SQuAD's evaluation script (version 2.0) has it: in lower case,
 * without punctuation and articles. Of several right answers the best counts.
 *
 * @param options The field that lists right answers, and what is read of an answer.
 *
 * @example Questions with several right answers
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
 * BLEU of all answers together, from 0 to 100, as sacrebleu computes it by default: the words of the tokenizer 13a, runs of
 * up to four, exponential smoothing (Papineni et al. 2002; Post 2018).
 *
 * @param options The field that lists right answers, and what is read of an answer.
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
 * @param variant Counts words (`rouge1`), pairs of words (`rouge2`) or the longest common subsequence (`rougeL`); results
 * call the metric so.
 * @param options The field that lists right answers, and what is read of an answer.
 *
 * @example All three of summaries
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
