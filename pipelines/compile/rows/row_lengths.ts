/** The lengths of rows, computed once, even for rows that are not in memory. @module */
import type { RowList } from "../../common/row_list.ts";
import type { LaidOutRow, SegmentExtents } from "./laid_out_rows.ts";
import { type SegmentName, segmentNames } from "./layout.ts";

/** The number of tokens of each row in each segment, and of its labels [rows]. */
export type RowLengths = Readonly<Record<SegmentName | "labels", Uint32Array>>;

const known = new WeakMap<RowList<LaidOutRow>, RowLengths>();

/** The lengths of rows. */
export function lengthsOf(rows: RowList<LaidOutRow>): RowLengths {
  return known.getOrInsertComputed(rows, () => {
    const none = () => new Uint32Array(rows.length);
    const lengths = { shared: none(), context: none(), tail: none(), labels: none() };
    let index = 0;
    for (const row of rows) {
      for (const name of segmentNames) lengths[name][index] = row[name].length;
      lengths.labels[index++] = row.labels.length;
    }
    return lengths;
  });
}

/** The extents of one of the rows, unpadded. */
export function extentsAt({ shared, context, tail }: RowLengths, row: number): SegmentExtents & { readonly batch: 1 } {
  return { batch: 1, shared: shared[row]!, context: context[row]!, tail: tail[row]! };
}

/** The extents of all rows together, like {@linkcode groupExtents} for some. */
export function allExtents(rows: RowList<LaidOutRow>): SegmentExtents {
  const { shared, context, tail } = lengthsOf(rows);
  return { shared: longest(shared), context: Math.max(1, longest(context)), tail: longest(tail) };
}

/** The largest of some lengths; 0 if there are none. */
export function longest(lengths: Uint32Array): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}

/** The sum of some lengths. */
export function total(lengths: Uint32Array): number {
  return totals.getOrInsertComputed(lengths, () => lengths.reduce((sum, length) => sum + length, 0));
}

/** Cached, since lengths do not change and each member that shares the rows asks for their sum. */
const totals = new WeakMap<Uint32Array, number>();
