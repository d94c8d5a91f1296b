/** Parts of keys that depend on rows; many members share them, so each is computed once. @module */
import { createHash } from "node:crypto";
import type { RowList } from "../../common/row_list.ts";
import { type LaidOutRow, rowKey } from "../../compile/rows/laid_out_rows.ts";

const rowParts = new WeakMap<RowList<LaidOutRow>, Map<string, string>>();

/** A part of a key that depends on rows and on a text; many members share it. */
export function keyOfRows(rows: RowList<LaidOutRow>, text: string, make: () => string): string {
  return rowParts.getOrInsertComputed(rows, () => new Map()).getOrInsertComputed(text, make);
}

/** Equal for rows with the same tokens, regardless of labels. */
export function rowsDigest(rows: RowList<LaidOutRow>): string {
  return digestsOf(rows).tokens;
}

/** Equal for rows with the same labels. */
export function labelsDigest(rows: RowList<LaidOutRow>): string {
  return digestsOf(rows).labels;
}

const digests = new WeakMap<RowList<LaidOutRow>, { readonly tokens: string; readonly labels: string }>();

/** Both in one pass, because rows may have to be read for it. */
function digestsOf(rows: RowList<LaidOutRow>) {
  return digests.getOrInsertComputed(rows, () => {
    const tokens = new NumbersDigest(), labels = new NumbersDigest();
    for (const row of rows) {
      for (const list of rowKey(row)) tokens.add(list);
      labels.add(row.labels);
      labels.add(row.labelIndices);
    }
    return { tokens: tokens.finish(), labels: labels.finish() };
  });
}

/** A digest of lists of numbers, which also depends on how they are divided. */
class NumbersDigest {
  readonly #hash = createHash("sha256");
  readonly #pending = new Float64Array(2 ** 13);
  #count = 0;

  add(numbers: readonly number[]): void {
    this.#put(numbers.length);
    for (const number of numbers) this.#put(number);
  }

  finish(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #put(number: number): void {
    if (this.#count === this.#pending.length) this.#flush();
    this.#pending[this.#count++] = number;
  }

  #flush(): void {
    this.#hash.update(new Uint8Array(this.#pending.buffer, 0, 8 * this.#count));
    this.#count = 0;
  }
}
