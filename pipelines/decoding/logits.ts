/** Processing the logits of the next token before one is chosen. @module */
import type { Random } from "../data/random.ts";
import { argmax } from "../common/argmax.ts";
import { FallingOrder } from "./falling_order.ts";

/** Settings that keep a text from repeating itself. */
interface RepetitionLimits {
  readonly repetitionPenalty?: number;
  readonly noRepeatNgramSize?: number;
}

/** Makes repeated tokens less likely or impossible, in transformers' order. */
export function limitRepetition(
  logits: Float32Array,
  seen: readonly number[],
  { repetitionPenalty = 1, noRepeatNgramSize = 0 }: RepetitionLimits,
): Float32Array {
  return banNgrams(penalizeRepetition(logits, seen, repetitionPenalty), seen, noRepeatNgramSize);
}

/** Whether settings keep a text from repeating itself. */
export function limitsRepetition({ repetitionPenalty = 1, noRepeatNgramSize = 0 }: RepetitionLimits): boolean {
  return repetitionPenalty !== 1 || noRepeatNgramSize !== 0;
}

/** Makes tokens impossible that would complete an n-gram of `size` tokens that already occurs; none if 0. */
export function banNgrams(logits: Float32Array, seen: readonly number[], size: number): Float32Array {
  if (size === 0 || seen.length < size) return logits;
  const banned = logits.slice(), before = size - 1, open = seen.length - before;
  for (let at = 0; at < open; at++) {
    let matching = 0;
    while (matching < before && seen[at + matching] === seen[open + matching]) matching++;
    if (matching === before) banned[seen[at + before]!] = -Infinity;
  }
  return banned;
}

/**
 * Makes tokens that already occur less likely: a positive logit is divided by the penalty, and a negative one
 * multiplied by it (Keskar et al. 2019, *CTRL*, section 4.1).
 */
export function penalizeRepetition(logits: Float32Array, seen: Iterable<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const penalized = logits.slice();
  for (const token of new Set(seen)) {
    const logit = logits[token]!;
    penalized[token] = logit < 0 ? logit * penalty : logit / penalty;
  }
  return penalized;
}

/** How a token is sampled. */
export interface Sampling {
  /** Divides the logits; below 1 likely tokens become likelier. */
  readonly temperature: number;
  /** How many of the likeliest tokens are kept; 0 for all. */
  readonly topK: number;
  /** The likeliest tokens are kept until their probabilities sum to this. */
  readonly topP: number;
}

/** A token sampled after temperature, top-k and top-p, in this order (Holtzman et al. 2020). */
export function draw(logits: Float32Array, { temperature, topK, topP }: Sampling, random: Random): number {
  const most = logits[argmax(logits)]!, order = new FallingOrder(logits), ordered: number[] = [];
  const weightOf = (token: number) => Math.exp((logits[token]! - most) / temperature);
  // Usually few tokens can be sampled, so only these are sorted.
  const tokenAt = (rank: number) => ordered[rank] ??= order.take()!;
  const isWhole = topK === 0 || topK >= logits.length, count = isWhole ? logits.length : topK;
  let total = 0;
  for (let at = 0; at < count; at++) total += weightOf(isWhole ? at : tokenAt(at));
  let nucleus = count, mass = total;
  if (topP < 1) {
    for (nucleus = 0, mass = 0; nucleus < count && (nucleus === 0 || mass < topP * total); nucleus++) {
      mass += weightOf(tokenAt(nucleus));
    }
  }
  let left = random.uniform() * mass;
  for (let rank = 0; rank < nucleus - 1; rank++) if ((left -= weightOf(tokenAt(rank))) < 0) return tokenAt(rank);
  return tokenAt(nucleus - 1);
}

/**
 * The logits divided by the temperature, with -Infinity for tokens that top-k and then top-p remove; like transformers'
 * warpers, all tokens as likely as the k-th are kept.
 *
 * @param leastKept At least this many of the likeliest tokens are kept.
 */
export function keepLikely(
  logits: Float32Array,
  { temperature, topK, topP }: Sampling,
  leastKept: number,
): Float32Array {
  const kept = logits.map((logit) => logit / temperature);
  if (topK > 0) {
    const least = kept.toSorted()[Math.max(0, kept.length - Math.max(topK, leastKept))]!;
    kept.forEach((logit, token) => logit < least && (kept[token] = -Infinity));
  }
  if (topP < 1) {
    const possible = Array.from(kept.keys()).filter((token) => kept[token]! > -Infinity);
    const rising = possible.sort((a, b) => kept[a]! - kept[b]! || a - b);
    const likelihoods = logSoftmax(kept);
    let mass = 0;
    for (const token of rising.slice(0, -leastKept)) {
      mass += Math.exp(likelihoods[token]!);
      if (mass <= 1 - topP) kept[token] = -Infinity;
    }
  }
  return kept;
}

/** The logarithms of the softmax. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const shift = logSumExp(logits), likelihoods = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++) likelihoods[token] = logits[token]! - shift;
  return likelihoods;
}

/** The logarithm of the sum of the exponentials, the difference between logits and the logarithms of their softmax. */
export function logSumExp(logits: Float32Array): number {
  const most = logits[argmax(logits)]!;
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += Math.exp(logits[token]! - most);
  return most + Math.log(sum);
}
