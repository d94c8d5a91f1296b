/**
 * How a GGUF tensor becomes tensors of a transformers model: its rows in another order or in parts, one taken from
 * each number, or rows and columns exchanged.
 *
 * @module
 */
import type { GgufTensor } from "./reader.ts";

/** Rows of a stored tensor, in the order in which they are written. */
interface RowOrder {
  readonly rows: number;
  /** The stored row of a written one. */
  readonly stored: (row: number) => number;
  /** Within each run of this many written rows, a divisor of all, the stored rows are contiguous. */
  readonly run: number;
}

/** A tensor to write. */
export interface OutputTensor {
  /** As transformers names it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: GgufTensor;
  /** As stored if omitted. */
  readonly order?: RowOrder;
  /** Taken from each number. */
  readonly above?: number;
  /** The stored tensor [rows, columns] is written [columns, rows]. */
  readonly isTransposed?: true;
}

/** The heads of a model's attention. */
export interface Heads {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
}

/**
 * Makes a tensor's outputs; undefined if the tensor has not the shape that the heads ask for.
 *
 * @param name As transformers names it, with `.weight` or `.bias`.
 */
export type Treatment = (source: GgufTensor, name: string, heads: Heads) => readonly OutputTensor[] | undefined;

/** As it is stored. */
export const asStored: Treatment = (source, name) => [{ name, shape: source.shape, source }];

/** A norm's weight that was stored with 1 added to it. */
export const aboveOne: Treatment = (source, name) => [{ name, shape: source.shape, source, above: 1 }];

/** [outputs, inputs] stored, [inputs, outputs] in transformers; a bias is as it is. */
export const transposed: Treatment = (source, name, heads) =>
  source.shape.length === 2
    ? [{ name, shape: source.shape.toReversed(), source, isTransposed: true }]
    : asStored(source, name, heads);

/** Pairs of rotated rows that are next to each other within a head; transformers has them half a head apart. */
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

/** {@linkcode halved} of a query projection. */
export const halvedQueries: Treatment = halved(({ heads }) => heads);

/** {@linkcode halved} of a key projection. */
export const halvedKeys: Treatment = halved(({ keyValueHeads }) => keyValueHeads);

/** All queries, then all keys, then all values; transformers has each group's queries, key and value together. */
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

/** Queries, keys and values in one tensor; transformers has three, named instead of `qkv`. */
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

/** One row a head; transformers has a tensor for each, numbered where the name has `*`. */
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
