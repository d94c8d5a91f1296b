/** Scores against distances between tokens, in place of scores against the tokens. @module */
import * as o from "../operators.ts";
import { addDimensions, type Dimension, multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";

/** How many distances there are between so many tokens: from all of them after to all of them before. */
export function distanceCount(tokens: Dimension): Dimension {
  return addDimensions(multiplyDimensions(2, tokens), 1);
}

/**
 * Each token's scores against all distances as its scores against the tokens there: a row one longer than twice the tokens
 * is read as one of twice the tokens, so that each begins one place later than the one before.
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
