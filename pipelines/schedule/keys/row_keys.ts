/** Parts of keys that depend on rows; many members share them, so that each is made once. @module */
import { madeOf, type RowList } from "../../common/row_list.ts";
import { keyOf } from "../../common/content_key.ts";
import { type LaidOutRow, rowKey } from "../../compile/rows/laid_out_rows.ts";

const rowParts = new WeakMap<RowList<LaidOutRow>, Map<string, string>>();

/** A part of keys that depends on rows and on what a text says; many members share it. */
export function keyOfRows(rows: RowList<LaidOutRow>, text: string, make: () => string): string {
  return rowParts.getOrInsertComputed(rows, () => new Map()).getOrInsertComputed(text, make);
}

/** Equal for rows of the same tokens, labels aside. */
export function rowsDigest(rows: RowList<LaidOutRow>): string {
  return keyOfRows(rows, "rows", () => keyOf(madeOf(rows, rowKey)));
}

/** Equal for rows of the same labels. */
export function labelsDigest(rows: RowList<LaidOutRow>): string {
  return keyOfRows(rows, "labels", () => keyOf(madeOf(rows, ({ labels, labelIndices }) => [labels, labelIndices])));
}
