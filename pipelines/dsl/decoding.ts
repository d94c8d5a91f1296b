import { located } from "../common/source_location.ts";
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { DecodingSpec, Sweepable, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of every way to write an answer. */
export interface WritingOptions {
  /** Writing ends here, or at an end-of-sequence token. */
  readonly maxNewTokens: number;
  /** Makes tokens that were read or written before less likely, from 1 (not at all) on (Keskar et al. 2019). */
  readonly repetitionPenalty?: number;
  /**
   * No run of that many tokens is written that was read or written before, as transformers' `no_repeat_ngram_size`; any may
   * be if 0 or omitted.
   */
  readonly noRepeatNgramSize?: number;
  /** Writing ends before any of these texts. */
  readonly stop?: readonly string[];
}

/** Settings of greedy decoding. */
export type GreedyOptions = WritingOptions;

/**
 * The likeliest token at each step.
 *
 * @example One line as the answer
 * ```ts
 * import { greedy } from "refract";
 *
 * const decoding = greedy({ maxNewTokens: 32, stop: ["\n"] });
 * ```
 */
export function greedy(options: SweepableOptions<GreedyOptions>): DecodingSpec {
  requireCall("greedy", arguments);
  return located({ ...options, kind: "greedy" });
}

/** Settings of sampling. */
export interface SampleOptions extends WritingOptions {
  /** Divides the logits; 1 if omitted. */
  readonly temperature?: number;
  /** Only that many of the likeliest tokens are drawn from; all if 0 or omitted. */
  readonly topK?: number;
  /** Only the likeliest tokens whose probabilities sum to this are drawn from; 1 if omitted. */
  readonly topP?: number;
  /** Decides what is drawn; 42 if omitted. */
  readonly seed?: number;
}

/**
 * Tokens drawn by their probabilities, after temperature, top-k and top-p in this order (Holtzman et al. 2020).
 *
 * @example Answers that vary with the seed
 * ```ts
 * import { repeat, sample } from "refract";
 *
 * const decoding = sample({ maxNewTokens: 32, temperature: 0.7, topP: 0.9, seed: repeat({ seeds: [1, 2, 3] }) });
 * ```
 */
export function sample(options: SweepableOptions<SampleOptions>): DecodingSpec {
  requireCall("sample", arguments);
  return located({ temperature: 1, topK: 0, topP: 1, seed: 42, ...options, kind: "sample" });
}

/** Settings of beam search. */
export interface BeamOptions extends WritingOptions {
  /** How many continuations are followed. */
  readonly beams: number;
  /** A continuation's log-likelihood is divided by its length to this power; 1 if omitted. */
  readonly lengthPenalty?: number;
  /**
   * When a search ends that has as many finished continuations as beams: `true` at once, `false` when no open beam is
   * better at its present length, `"never"` when none can become better at any; `false` if omitted.
   */
  readonly earlyStopping?: boolean | "never";
}

/**
 * The likeliest continuation that a beam search finds, as in transformers' `generate`.
 *
 * @example Four beams
 * ```ts
 * import { beam } from "refract";
 *
 * const decoding = beam({ maxNewTokens: 32, beams: 4 });
 * ```
 */
export function beam(options: SweepableOptions<BeamOptions>): DecodingSpec {
  requireCall("beam", arguments);
  return located({ lengthPenalty: 1, ...options, kind: "beam" });
}

/** Settings of a beam search that draws. */
export interface BeamSampleOptions extends BeamOptions, Pick<SampleOptions, "temperature" | "topK" | "topP" | "seed"> {}

/**
 * A beam search whose continuations are drawn without replacement by their probabilities, as in transformers' `generate` with
 * `do_sample` and `num_beams`: temperature, top-k and top-p act on each beam's log-probabilities, of which they keep at least
 * two tokens (one more than there are ends of a sequence, if that is more), and what is drawn is ranked by its sum. Equal to
 * transformers 4.45.1 but for the random numbers.
 *
 * @example Instruction answers as the ReFT paper samples arithmetic
 * ```ts
 * import { beamSample } from "refract";
 *
 * const decoding = beamSample({ maxNewTokens: 512, beams: 4, temperature: 0.3, topP: 0.75, topK: 40, earlyStopping: true });
 * ```
 */
export function beamSample(options: SweepableOptions<BeamSampleOptions>): DecodingSpec {
  requireCall("beamSample", arguments);
  return located({ temperature: 1, topK: 0, topP: 1, seed: 42, lengthPenalty: 1, ...options, kind: "beamSample" });
}

/** Settings of a choice among answers. */
export interface ChoicesOptions {
  /**
   * Whether an answer's likelihood counts the end-of-sequence token after it, as training teaches it: without, an answer
   * that goes on from another one can never be likelier. lm-evaluation-harness does not count it. `true` if omitted.
   */
  readonly end?: boolean;
  /**
   * What answers are compared by: the `sum` of their tokens' log-likelihoods, which is meant if omitted; that sum divided by
   * the number of characters (code points), of UTF-8 bytes or of tokens; or `mutualInformation`, the sum less what it is
   * after the unconditional prompt. lm-evaluation-harness's `acc`, `acc_norm`, `acc_bytes` and `acc_mutual_info` are
   * accuracies by the sum, characters, bytes and mutual information, without the end.
   */
  readonly by?: ScoredBy;
  /**
   * The prompt after which an answer is as likely as it is without the row, as in `"Answer:"` (Brown et al. 2020); if omitted
   * the token that begins a sequence, or where the model has none the one that ends it.
   */
  readonly unconditional?: string;
  /**
   * A template of what stands between the prompt and each answer, as in `" "`: it is scored with the answer and does not
   * count in its characters or bytes, as lm-evaluation-harness has it; nothing if omitted.
   */
  readonly separator?: string;
  /**
   * A template of what follows: each answer ends the prompt, and the text after it is scored in the answer's place, as
   * WinoGrande is evaluated.
   */
  readonly continuation?: string;
}

/**
 * The likeliest of some answers, the first of equals. `predictions.jsonl` has the log-likelihood of each in nats (`scores`),
 * of which {@linkcode accuracy} measures others without the model.
 *
 * @param options The answers, or the name of the rows' field that lists them.
 * @param settings What they are compared by.
 * @throws {RequestError} In a run, if a row's field is missing, empty or no list of texts, or an answer has no tokens.
 *
 * @example One of two answers, or of those that each row lists
 * ```ts
 * import assert from "node:assert/strict";
 * import { accuracy, baseModel, choices, evaluate, records } from "refract";
 *
 * const data = records([{ question: "Is the sky blue?", answer: "yes", options: ["yes", "no"] }], {
 *   prompt: "{question}\n",
 *   completion: "{answer}",
 * });
 * const base = baseModel("builtin:tiny");
 * const same = evaluate(base, { data, decoding: choices(["yes", "no"]), metrics: [accuracy()] });
 * const own = evaluate(base, { data, decoding: choices("options"), metrics: [accuracy()] });
 * assert.notDeepEqual(own.decoding, same.decoding);
 * ```
 *
 * @example One context for each choice, after which the same text follows
 * ```ts
 * import { accuracy, baseModel, choices, evaluate, records } from "refract";
 *
 * const data = records([{ before: "The trophy does not fit in the suitcase because the ", rest: " is too big.",
 *   answer: "trophy", options: ["trophy", "suitcase"] }], { prompt: "{before}", completion: "{answer}" });
 * const decoding = choices("options", { continuation: "{rest}", end: false });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [accuracy()] });
 * ```
 */
export function choices(
  options: Sweepable<readonly string[] | string>,
  settings: SweepableOptions<ChoicesOptions> = {},
): DecodingSpec {
  requireCall("choices", arguments);
  return located({ ...settings, kind: "choices", options });
}
