/** What is made of a token's logits before one is chosen. @module */
import type { Random } from "../data/random.ts";

/** The index of the largest; the first of equals. */
export function argmax(logits: Float32Array): number {
  let best = 0, most = logits[0]!;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit > most) [best, most] = [token, logit];
  }
  return best;
}

/** What keeps a text from repeating itself. */
interface RepetitionLimits {
  readonly repetitionPenalty?: number;
  readonly noRepeatNgramSize?: number;
}

/** Makes what was read or written before less likely, or impossible; in transformers' order. */
export function limitRepetition(
  logits: Float32Array,
  seen: readonly number[],
  { repetitionPenalty = 1, noRepeatNgramSize = 0 }: RepetitionLimits,
): Float32Array {
  return banNgrams(penalizeRepetition(logits, seen, repetitionPenalty), seen, noRepeatNgramSize);
}

/** Makes tokens impossible that would end a run of so many tokens that is there already; none if 0. */
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
 * Makes tokens that were read or written before less likely: a positive logit is divided by the penalty, a negative one
 * multiplied (Keskar et al. 2019, *CTRL*, section 4.1).
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

/** How a token is drawn. */
export interface Sampling {
  /** Divides the logits; below 1 likely tokens become likelier. */
  readonly temperature: number;
  /** How many of the likeliest tokens are kept; 0 for all. */
  readonly topK: number;
  /** The likeliest tokens are kept until their probabilities sum to this. */
  readonly topP: number;
}

/** A token drawn from the distribution that temperature, then top-k, then top-p leave (Holtzman et al. 2020). */
export function draw(logits: Float32Array, { temperature, topK, topP }: Sampling, random: Random): number {
  const tokens = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const kept = topK > 0 ? tokens.slice(0, topK) : tokens;
  const most = logits[kept[0]!]!;
  const weights = kept.map((token) => Math.exp((logits[token]! - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let nucleus = 0, mass = 0;
  while (nucleus < kept.length && (nucleus === 0 || mass < topP * total)) mass += weights[nucleus++]!;
  let left = random.uniform() * mass;
  for (let at = 0; at < nucleus; at++) if ((left -= weights[at]!) < 0) return kept[at]!;
  return kept[nucleus - 1]!;
}

/**
 * The logits over the temperature, without tokens that top-k, then top-p remove, which become -Infinity; as transformers'
 * warpers: of tokens as likely as the k-th all are kept.
 *
 * @param leastKept So many of the likeliest stay at least.
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
  const most = logits[argmax(logits)]!;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const shift = most + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}
