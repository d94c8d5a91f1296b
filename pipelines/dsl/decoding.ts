import { located } from "../common/source_location.ts";
import type { DecodingSpec, Sweepable, SweepableOptions } from "../spec/mod.ts";

/** Settings of every way to write an answer. */
export interface WritingOptions {
  /** Writing ends here, or at an end-of-sequence token. */
  readonly maxNewTokens: number;
  /** Makes tokens that were read or written before less likely, from 1 (not at all) on (Keskar et al. 2019). */
  readonly repetitionPenalty?: number;
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
  return located({ temperature: 1, topK: 0, topP: 1, seed: 42, ...options, kind: "sample" });
}

/** Settings of beam search. */
export interface BeamOptions extends WritingOptions {
  /** How many continuations are followed. */
  readonly beams: number;
  /** A continuation's log-likelihood is divided by its length to this power; 1 if omitted. */
  readonly lengthPenalty?: number;
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
  return located({ lengthPenalty: 1, ...options, kind: "beam" });
}

/**
 * The likeliest of some answers, by the sum of their tokens' log-likelihoods after the prompt.
 *
 * @param options The answers, or the name of the rows' field that lists them.
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
 */
export function choices(options: Sweepable<readonly string[] | string>): DecodingSpec {
  return located({ kind: "choices", options });
}
