/** Scaled dot-product attention with grouped heads and a key-value cache. @module */
import * as o from "../operators.ts";
import { addDimensions, type Dimension, divideDimensions, multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import type { MatmulAttributes } from "../table/builder.ts";

/** The keys and values of one block over a run of tokens, each [batch, keyValueHeads, tokens, headWidth]. */
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

/** How the scores are transformed. */
export interface AttentionScaling {
  /** The factor on the scores; 1/√headWidth by default. */
  readonly scale?: number | undefined;
  /** The bound `c` of `c · tanh(scores/c)`, as in Gemma 2. */
  readonly softcap?: number | undefined;
  /** How many parts the queries are processed in, so that not all scores are in memory at once; 1 if omitted. */
  readonly parts?: number | undefined;
  /**
   * Whether the runs' keys and values are copied side by side, which for many queries is faster than their scores; only
   * if the runs have the same batch.
   */
  readonly joins?: boolean | undefined;
  /** A bias added to the scores before the mask; broadcasts like the mask. */
  readonly bias?: Value | undefined;
  /** Applies dropout to the weights [batch, keyValueHeads, (heads/keyValueHeads) · tokens, all runs' tokens]. */
  readonly drop?: ((weights: Value) => Value) | undefined;
}

/**
 * Splits keys or values [batch, tokens, keyValueHeads · headWidth] into heads: [batch, keyValueHeads, tokens,
 * headWidth].
 */
export function byHead(x: Value, { keyValueHeads, headWidth }: HeadLayout): Value {
  const [batch, tokens] = x.shape;
  return o.transpose(o.reshape(x, [batch!, tokens!, keyValueHeads, headWidth]), [0, 2, 1, 3]);
}

/** The same before an axis for the query heads that share it: [batch, keyValueHeads, 1, tokens, headWidth]. */
export function beforeGroup(x: Value): Value {
  return o.reshape(x, [...x.shape.slice(0, 2), 1, ...x.shape.slice(2)]);
}

/**
 * `softmax(q·kᵀ/√headWidth + mask)·v` (Vaswani et al. 2017), where the query heads that share a key-value head are
 * treated as additional rows, so that keys and values are never repeated.
 *
 * Unless they are joined, each run of tokens is multiplied separately: cached keys and values are never copied next to
 * those that follow, and frozen ones get no gradient.
 *
 * @param query [batch, tokens, heads · headWidth].
 * @param runs The keys and values in the order of their tokens, those of the queries' own tokens last. If the queries'
 * batch is a multiple of a run's batch, each copy attends to the same run.
 * @param mask Added to the scores: broadcasts to [batch, keyValueHeads, (heads/keyValueHeads) · tokens, all runs'
 * tokens], with the rows of each query head adjacent.
 * @returns [batch, tokens, heads · headWidth].
 */
export function attention(
  query: Value,
  runs: readonly KeyValues[],
  mask: Value,
  layout: HeadLayout,
  { joins = false, ...scaling }: AttentionScaling = {},
): Value {
  const { scale, softcap, bias, parts = 1, drop = (weights) => weights } = scaling;
  const batches = new Set(runs.map(({ key }) => key.shape[0]));
  if (joins && runs.length > 1 && batches.size === 1) {
    const all = (part: keyof KeyValues) => o.concat(runs.map((run) => run[part]), 2);
    return attention(query, [{ key: all("key"), value: all("value") }], mask, layout, scaling);
  }
  const { heads, keyValueHeads, headWidth } = layout;
  const batch = query.shape[0]!, tokens = query.shape[1]!, group = heads / keyValueHeads;
  // With a single key-value head, one row of a batch would be multiplied in another way than several.
  if (tokens === 1 && keyValueHeads > 1 && runs.every(({ key }) => isSeenByAll(key, batch))) {
    return attentionOfOne(query, runs, mask, layout, { scale, softcap, bias, drop });
  }
  const split = o.reshape(query, [batch, tokens, keyValueHeads, group, headWidth]);
  const rows = multiplyDimensions(group, tokens);
  const grouped = o.reshape(o.transpose(split, [0, 2, 3, 1, 4]), [batch, keyValueHeads, rows, headWidth]);
  const ungroup = (x: Value) => {
    const split = o.reshape(x, [batch, keyValueHeads, group, tokens, headWidth]);
    return o.reshape(o.transpose(split, [0, 3, 1, 2, 4]), [batch, tokens, heads * headWidth]);
  };
  if (parts > 1 && canAttend(grouped, mask, runs)) {
    const options = { scale: scale ?? 1 / Math.sqrt(headWidth), softcap: softcap ?? 0, parts };
    return ungroup(o.attend(grouped, bias === undefined ? mask : o.add(bias, mask), runs, options));
  }
  const scores = runs.map(({ key }) => {
    return matmulOfCopies(grouped, key, { transposeB: true, alpha: scale ?? 1 / Math.sqrt(headWidth) });
  });
  const weights = drop(weightsOf(scores, mask, { softcap, bias }));
  return ungroup(mix(runs.map(({ value }) => value), weights, matmulOfCopies));
}

/**
 * {@linkcode attention} for a single token. Each query head is multiplied separately: a product with one row reads keys
 * and values in place, one with several rows repacks them first. The queries are scaled, as such a product takes no factor.
 */
function attentionOfOne(
  query: Value,
  runs: readonly KeyValues[],
  mask: Value,
  { heads, keyValueHeads, headWidth }: HeadLayout,
  { scale = 1 / Math.sqrt(headWidth), softcap, bias, drop = (weights) => weights }: AttentionScaling,
): Value {
  const batch = query.shape[0]!, group = heads / keyValueHeads;
  const queries = o.reshape(o.mul(query, scale), [batch, keyValueHeads, group, 1, headWidth]);
  const byQuery = (x: Value) => o.reshape(x, [...x.shape.slice(0, 3), 1, x.shape[3]!]);
  const scores = runs.map(({ key }) => o.matmul(queries, beforeGroup(key), { transposeB: true }));
  const whole = weightsOf(scores, byQuery(mask), { softcap, bias: bias && byQuery(bias) });
  const seen = whole.shape[4]!, dropped = drop(o.reshape(whole, [batch, keyValueHeads, group, seen]));
  const mixed = mix(runs.map(({ value }) => beforeGroup(value)), byQuery(dropped), o.matmul);
  return o.reshape(mixed, [batch, 1, heads * headWidth]);
}

/** The weights of the runs' scores, side by side. */
function weightsOf(
  scores: readonly Value[],
  mask: Value,
  { softcap, bias }: Pick<AttentionScaling, "softcap" | "bias">,
): Value {
  const joined = o.concat(scores, -1);
  const bounded = softcap === undefined ? joined : o.mul(o.tanh(o.div(joined, softcap)), softcap);
  const biased = bias === undefined ? bounded : o.add(bounded, bias);
  // The mask is added last, so that no sum with it is stored: stored values are padded with zeros, which mask nothing.
  return o.softmax(o.add(biased, mask));
}

/** The runs' values [..., tokens, headWidth], weighted and added up. */
function mix(values: readonly Value[], weights: Value, product: (weights: Value, values: Value) => Value): Value {
  let start: Dimension = 0;
  return values.map((value) => {
    const from = start;
    start = addDimensions(start, value.shape[value.shape.length - 2]!);
    return product(o.slice(weights, -1, from, start), value);
  }).reduce((sum, part) => o.add(sum, part));
}

/** Whether each query attends to keys of its own row, or to keys that all rows share. */
function isSeenByAll({ shape: [rows] }: Value, batch: Dimension): boolean {
  return rows === batch || rows === 1;
}

/** Whether queries can be processed in parts: there are no copies of a batch, and the mask has a row for each query. */
function canAttend(queries: Value, mask: Value, runs: readonly KeyValues[]): boolean {
  const [batch, , rows] = queries.shape;
  return mask.shape[2] === rows && runs.every(({ key }) => isSeenByAll(key, batch!));
}

/**
 * Multiplies each copy of a batch in `a` by the single batch in `b`; a plain product if `b` has a batch of 1 or `a`'s.
 */
function matmulOfCopies(a: Value, b: Value, options: Partial<MatmulAttributes> = {}): Value {
  const whole = a.shape[0]!, batch = b.shape[0]!;
  if (batch === whole || batch === 1) return o.matmul(a, b, options);
  const copies = divideDimensions(whole, batch);
  const product = o.matmul(o.reshape(a, [copies, batch, ...a.shape.slice(1)]), b, options);
  return o.reshape(product, [whole, ...product.shape.slice(2)]);
}
