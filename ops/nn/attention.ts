/** Scaled dot-product attention with grouped heads and a key-value cache. @module */
import { multiplyDimensions } from "../dimension.ts";
import * as o from "../operators.ts";
import type { Value } from "../program.ts";

/** The keys and values of one block, each [batch, keyValueHeads, tokens, headWidth]. */
export interface KeyValues {
  readonly key: Value;
  readonly value: Value;
}

/** How the heads are laid out. */
export interface HeadLayout {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
}

/** Keys or values [batch, tokens, keyValueHeads · headWidth] by head: [batch, keyValueHeads, tokens, headWidth]. */
export function byHead(x: Value, { keyValueHeads, headWidth }: HeadLayout): Value {
  const [batch, tokens] = x.shape as readonly [string, string];
  return o.transpose(o.reshape(x, [batch, tokens, keyValueHeads, headWidth]), [0, 2, 1, 3]);
}

/**
 * `softmax(q·kᵀ/√headWidth + mask)·v` (Vaswani et al. 2017), the query heads of one key-value head handled as further
 * rows of it, so that keys and values are never repeated.
 *
 * @param query [batch, tokens, heads · headWidth].
 * @param mask Added to the scores: broadcasts to [batch, keyValueHeads, (heads/keyValueHeads) · tokens, past + tokens],
 * the rows of one query head together.
 * @returns [batch, tokens, heads · headWidth].
 */
export function attention(query: Value, { key, value }: KeyValues, mask: Value, layout: HeadLayout): Value {
  const { heads, keyValueHeads, headWidth } = layout;
  const [batch, tokens] = query.shape as readonly [string, string];
  const group = heads / keyValueHeads;
  const split = o.reshape(query, [batch, tokens, keyValueHeads, group, headWidth]);
  const rows = multiplyDimensions(group, tokens);
  const grouped = o.reshape(o.transpose(split, [0, 2, 3, 1, 4]), [batch, keyValueHeads, rows, headWidth]);
  const scores = o.matmul(grouped, key, { transposeB: true, alpha: 1 / Math.sqrt(headWidth) });
  const mixed = o.matmul(o.softmax(o.add(scores, mask)), value);
  const ungrouped = o.reshape(mixed, [batch, keyValueHeads, group, tokens, headWidth]);
  return o.reshape(o.transpose(ungrouped, [0, 3, 1, 2, 4]), [batch, tokens, heads * headWidth]);
}
