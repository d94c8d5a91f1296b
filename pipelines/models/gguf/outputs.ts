/**
 * How a GGUF tensor becomes tensors of a transformers model: with its rows in another order or in parts, with 1
 * subtracted from each number, or transposed.
 *
 * @module
 */
import type { GgufTensor } from "./reader.ts";

/** Rows of a stored tensor, in the order in which they are written. */
interface RowOrder {
  readonly rows: number;
  /** The stored row for a written row. */
  readonly stored: (row: number) => number;
  /** The stored rows are contiguous within each run of this many written rows, which divides their number. */
  readonly run: number;
}

/** A tensor to write. */
export interface OutputTensor {
  /** Its name in transformers. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: GgufTensor;
  /** The order of rows; as stored if omitted. */
  readonly order?: RowOrder;
  /** The number subtracted from each element. */
  readonly above?: number;
  /** Whether the stored tensor [rows, columns] is written transposed, [columns, rows]. */
  readonly isTransposed?: true;
}

/** A model's attention heads. */
export interface Heads {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
}

/**
 * Determines a tensor's outputs; undefined if the tensor's shape does not fit the heads.
 *
 * @param name Its name in transformers, with `.weight` or `.bias`.
 */
export type Treatment = (source: GgufTensor, name: string, heads: Heads) => readonly OutputTensor[] | undefined;

/** Unchanged. */
export const asStored: Treatment = (source, name) => [{ name, shape: source.shape, source }];

/** A norm's weight that was stored with 1 added to it. */
export const aboveOne: Treatment = (source, name) => [{ name, shape: source.shape, source, above: 1 }];

/** [outputs, inputs] stored, [inputs, outputs] in transformers; a bias is unchanged. */
export const transposed: Treatment = (source, name, heads) =>
  source.shape.length === 2
    ? [{ name, shape: source.shape.toReversed(), source, isTransposed: true }]
    : asStored(source, name, heads);

/** Rotary pairs of rows that are adjacent within a head; in transformers they are half a head apart. */
function halved(of: (heads: Heads) => number): Treatment {
  return (source, name, heads) => {
    const rows = source.shape[0]!, width = rows / of(heads), half = width / 2;
    if (!Number.isInteger(half)) return undefined;
    const stored = (row: number) => {
      const inHead = row % width;
      return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    };
    return [{ name, shape: source.shape, source, order: { rows, stored, run: width } }];
  };
}

/** {@linkcode halved} for a query projection. */
export const halvedQueries: Treatment = halved(({ heads }) => heads);

/** {@linkcode halved} for a key projection. */
export const halvedKeys: Treatment = halved(({ keyValueHeads }) => keyValueHeads);

/** All queries, then all keys, then all values; in transformers each group's queries, key and value are together. */
export const regrouped: Treatment = (source, name, { heads, keyValueHeads, headWidth }) => {
  const rows = source.shape[0]!, queries = heads / keyValueHeads, group = (queries + 2) * headWidth;
  if (rows !== keyValueHeads * group || !Number.isInteger(queries)) return undefined;
  const stored = (row: number) => {
    const inGroup = row % group, at = (row - inGroup) / group;
    const inHead = inGroup % headWidth, slot = (inGroup - inHead) / headWidth;
    const head = slot < queries ? at * queries + slot : heads + (slot - queries) * keyValueHeads + at;
    return head * headWidth + inHead;
  };
  return [{ name, shape: source.shape, source, order: { rows, stored, run: headWidth } }];
};

/** Queries, keys and values in one tensor; in transformers they are three, whose names replace `qkv`. */
export const apart: Treatment = (source, name, { heads, keyValueHeads, headWidth }) => {
  const counts = [heads, keyValueHeads, keyValueHeads].map((count) => count * headWidth);
  if (counts.reduce((sum, count) => sum + count) !== source.shape[0]) return undefined;
  let start = 0;
  return ["q", "k", "v"].map((part, at) => {
    const rows = counts[at]!, first = start;
    start += rows;
    return partOf(source, name.replace("qkv", part), first, rows);
  });
};

/** One row per head; in transformers each head has a tensor, whose number replaces `*` in the name. */
export const byHead: Treatment = (source, name) => {
  const [rows = 0, width] = source.shape;
  if (width === undefined) return undefined;
  return Array.from({ length: rows }, (_, head) => ({
    ...partOf(source, name.replace("*", String(head)), head, 1),
    shape: [width],
  }));
};

function partOf(source: GgufTensor, name: string, first: number, rows: number): OutputTensor {
  const order = { rows, stored: (row: number) => first + row, run: rows };
  return { name, shape: [rows, ...source.shape.slice(1)], source, order };
}
