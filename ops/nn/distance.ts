/** Attention scores by the distance between tokens instead of by token. @module */
import * as o from "../operators.ts";
import { addDimensions, type Dimension, multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";

/** The number of distances between this many tokens: from all of them after to all of them before. */
export function distanceCount(tokens: Dimension): Dimension {
  return addDimensions(multiplyDimensions(2, tokens), 1);
}

/**
 * Converts each token's scores for all distances to scores for the tokens at these distances: rows of length 2 · tokens
 * + 1 are reread as rows of length 2 · tokens, so that each row begins one place later than the one before.
 *
 * @param x [batch, heads, tokens, 2 · tokens + 1]: column c is the distance `tokens − c` back.
 * @returns [batch, heads, tokens, tokens]
 */
export function scoresAtDistances(x: Value): Value {
  const batch = x.shape[0]!, heads = x.shape[1]!, tokens = x.shape[2]!;
  const twice = multiplyDimensions(2, tokens), all = multiplyDimensions(twice, tokens);
  const flat = o.reshape(x, [batch, heads, addDimensions(all, tokens)]);
  const shifted = o.slice(flat, 2, tokens, addDimensions(all, tokens));
  return o.slice(o.reshape(shifted, [batch, heads, tokens, twice]), 3, 0, tokens);
}
