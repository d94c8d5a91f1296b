/** The logarithms of tokens' probabilities, as answers list them. @module */
import { logSoftmax } from "../decoding/logits.ts";

/** A token and how likely it was. */
export interface RatedToken {
  readonly token: number;
  readonly logProbability: number;
}

/** A token with the likeliest in its place. */
export interface TokenRating extends RatedToken {
  /** In order, the likeliest first. */
  readonly top: readonly RatedToken[];
}

/**
 * How likely a token was by the model's own logits, whatever a request changes of them.
 *
 * @param count How many of the likeliest are listed.
 */
export function rateToken(logits: Float32Array, token: number, count: number): TokenRating {
  const rates = logSoftmax(logits), top: RatedToken[] = [];
  for (let each = 0; each < rates.length; each++) {
    const logProbability = rates[each]!;
    if (top.length === count && (count === 0 || logProbability <= top[count - 1]!.logProbability)) continue;
    const at = top.findIndex((other) => other.logProbability < logProbability);
    top.splice(at === -1 ? top.length : at, 0, { token: each, logProbability });
    if (top.length > count) top.pop();
  }
  return { token, logProbability: rates[token]!, top };
}
