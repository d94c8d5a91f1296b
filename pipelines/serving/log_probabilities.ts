/** Log-probabilities of tokens, as answers list them. @module */
import { logSumExp } from "../decoding/logits.ts";

/** A token and its log-probability. */
export interface RatedToken {
  readonly token: number;
  readonly logProbability: number;
}

/** A token with the likeliest alternatives. */
export interface TokenRating extends RatedToken {
  /** In order, the likeliest first. */
  readonly top: readonly RatedToken[];
}

/**
 * The log-probability of a token by the model's own logits, whatever a request changes in them.
 *
 * @param count How many of the likeliest are listed.
 */
export function rateToken(logits: Float32Array, token: number, count: number): TokenRating {
  const shift = logSumExp(logits), rated = (each: number) => ({ token: each, logProbability: logits[each]! - shift });
  const top: number[] = [];
  let least = -Infinity;
  for (let each = 0; each < logits.length; each++) {
    const logit = logits[each]!;
    if (count === 0 || top.length === count && logit <= least) continue;
    const at = top.findIndex((other) => logits[other]! < logit);
    top.splice(at === -1 ? top.length : at, 0, each);
    if (top.length > count) top.pop();
    least = logits[top.at(-1)!]!;
  }
  return { ...rated(token), top: top.map(rated) };
}
