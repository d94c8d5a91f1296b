import { located } from "../common/source_location.ts";
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { DecodingSpec, Sweepable, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of every decoding method that generates text. */
export interface WritingOptions {
  /** Generation ends after this many tokens, or at an end-of-sequence token. */
  readonly maxNewTokens: number;
  /**
   * Makes tokens that already occur in the prompt or the answer less likely, from 1 (no penalty) up (Keskar et al.
   * 2019).
   */
  readonly repetitionPenalty?: number;
  /**
   * No n-gram of this many tokens that already occurs in the prompt or the answer is generated again, as with
   * transformers' `no_repeat_ngram_size`; no restriction if 0 or omitted.
   */
  readonly noRepeatNgramSize?: number;
  /** Generation ends before any of these texts. */
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
  /** Samples only from this many of the likeliest tokens; from all if 0 or omitted. */
  readonly topK?: number;
  /** Samples only from the likeliest tokens whose probabilities sum to this; 1 if omitted. */
  readonly topP?: number;
  /** The seed of the random numbers; 42 if omitted. */
  readonly seed?: number;
}

/**
 * Tokens sampled by their probabilities, after temperature, top-k and top-p, in this order (Holtzman et al. 2020).
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
  /** The number of beams. */
  readonly beams: number;
  /** A continuation's log-likelihood is divided by its length raised to this power; 1 if omitted. */
  readonly lengthPenalty?: number;
  /**
   * When a search that has as many finished continuations as beams ends: `true`, immediately; `false`, the default,
   * when no open beam is better at its current length; `"never"`, when none can become better at any length.
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

/** Settings of beam search with sampling. */
export interface BeamSampleOptions extends BeamOptions, Pick<SampleOptions, "temperature" | "topK" | "topP" | "seed"> {}

/**
 * Beam search whose continuations are sampled without replacement by their probabilities, as in transformers'
 * `generate` with `do_sample` and `num_beams`. Temperature, top-k and top-p act on each beam's log-probabilities and
 * keep at least two tokens, or one more than there are end-of-sequence tokens if that is more; the sampled
 * continuations are ranked by their summed log-probabilities. The same as transformers 4.45.1 except for the random
 * numbers.
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

/** Settings of multiple choice. */
export interface ChoicesOptions {
  /**
   * Whether an answer's likelihood includes the end-of-sequence token after it, as in training; `true` if omitted.
   * Without it, an answer can never be likelier than its own beginning. lm-evaluation-harness does not include it.
   */
  readonly end?: boolean;
  /**
   * How answers are compared: by the `sum` of their tokens' log-likelihoods, the default; by that sum divided by the
   * number of characters (code points), UTF-8 bytes or tokens; or by `mutualInformation`, the sum minus the sum after
   * the unconditional prompt. lm-evaluation-harness's `acc`, `acc_norm`, `acc_bytes` and `acc_mutual_info` are the
   * accuracies by sum, characters, bytes and mutual information with `end: false`.
   */
  readonly by?: ScoredBy;
  /**
   * The prompt that gives an answer's likelihood independent of the row, for example `"Answer:"` (Brown et al. 2020);
   * if omitted, the beginning-of-sequence token, or the end-of-sequence token if the model has none.
   */
  readonly unconditional?: string;
  /**
   * A template for the text between the prompt and each answer, for example `" "`: it is scored with the answer but not
   * counted in its characters or bytes, as in lm-evaluation-harness; empty if omitted.
   */
  readonly separator?: string;
  /**
   * A template for the text after the answer: each answer completes the prompt, and this text is scored instead of the
   * answer, as in WinoGrande.
   */
  readonly continuation?: string;
}

/**
 * Picks the likeliest of the given answers, the first one on a tie. `predictions.jsonl` has each answer's
 * log-likelihood in nats (`scores`), from which {@linkcode accuracy} can compare answers in other ways without running
 * the model again.
 *
 * @param options The answers, or the name of the rows' field that lists them.
 * @param settings How they are compared.
 * @throws {RequestError} In a run, if a row's field is missing, empty or not a list of strings, or an answer has no
 * tokens.
 *
 * @example The same two answers for every row, or those that each row lists
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
 * @example A different context for each choice, followed by the same text
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
