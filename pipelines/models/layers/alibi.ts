/** Attention with linear biases (Press et al. 2022): scores fall with distance. @module */
import { type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import type { HeadLayout } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import { constant, type Value } from "../../../ops/program/program.ts";

/** How scores decrease with distance. */
export interface Alibi {
  /** The decrease of each head's scores per token [heads]. */
  readonly slopes: readonly number[];
  /** The factor on the whole bias. */
  readonly scale: number;
  /** Whether it is computed in bfloat16, as in Falcon. */
  readonly isRounded?: boolean;
}

/**
 * The mask with the bias added: the query's position adds a constant to all scores, so the key's position is enough.
 */
export function fallenByDistance(
  mask: Value,
  keyPositions: Value,
  tokens: Dimension,
  { heads, keyValueHeads }: HeadLayout,
  { slopes, scale, isRounded = false }: Alibi,
): Value {
  const group = heads / keyValueHeads;
  const rounded = (x: Value) => (isRounded ? o.cast(o.cast(x, "bfloat16"), "float32") : x);
  const byHead = rounded(constant(slopes, [keyValueHeads, group, 1]));
  const byRow = o.expand(byHead, [keyValueHeads, group, tokens]);
  const rows = o.reshape(byRow, [1, keyValueHeads, multiplyDimensions(group, tokens), 1]);
  const fall = rounded(o.mul(rounded(keyPositions), rows));
  return o.add(mask, scale === 1 ? fall : o.mul(fall, scale));
}

/**
 * The slopes, a geometric series that starts at 2^(−8/heads); if the number of heads is not a power of two, the series
 * of the next lower power, followed by every second slope of the next higher one's (Press et al. 2022).
 */
export function alibiSlopes(heads: number): number[] {
  const lower = 2 ** Math.floor(Math.log2(heads));
  const series = (count: number, step: number, base: number) =>
    Array.from({ length: count }, (_, index) => 2 ** (-8 / base * (1 + index * step)));
  return [...series(lower, 1, lower), ...series(heads - lower, 2, 2 * lower)];
}
