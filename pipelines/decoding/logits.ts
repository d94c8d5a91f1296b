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

/** The logarithms of the softmax. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const most = logits[argmax(logits)]!;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const shift = most + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}
