/** Parts of keys that depend on rows; many members share them, so that each is made once. @module */
import { keyOf } from "../../common/content_key.ts";
import { type LaidOutRow, rowKeys } from "../../compile/rows/laid_out_rows.ts";

const rowParts = new WeakMap<readonly LaidOutRow[], Map<string, string>>();

/** A part of keys that depends on rows and on what a text says; many members share it. */
export function keyOfRows(rows: readonly LaidOutRow[], text: string, make: () => string): string {
  return rowParts.getOrInsertComputed(rows, () => new Map()).getOrInsertComputed(text, make);
}

/** Equal for rows of the same tokens, labels aside. */
export function rowsDigest(rows: readonly LaidOutRow[]): string {
  return keyOfRows(rows, "rows", () => keyOf(rowKeys(rows)));
}

/** Equal for rows of the same labels. */
export function labelsDigest(rows: readonly LaidOutRow[]): string {
  return keyOfRows(rows, "labels", () => keyOf(rows.map(({ labels, labelIndices }) => [labels, labelIndices])));
}
