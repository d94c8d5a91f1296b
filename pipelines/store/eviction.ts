/**
 * What is evicted first when a store is full.
 *
 * Entries are ordered by space-time product (Smith 1981, Long term file migration): an entry's bytes times the time
 * since its last use. Among entries of one size the least recently used goes first; predictions and trained edits, a
 * few kilobytes that took minutes to compute, outlive encodings, which are large and quickly recomputed.
 *
 * @module
 */
import { system } from "../common/system.ts";
import type { StoredEntry } from "./inventory.ts";

/** Whether an entry is recomputed in one pass, over rows or over a model's weights. */
export function isQuicklyMade({ kind }: Pick<StoredEntry, "kind">): boolean {
  return kind === "encode" || kind === "quantize" || kind === "widen" || kind === "rows";
}

/** Encoding takes one pass over the rows and a training many: of equal size and age, the encoding goes. */
const quicklyMadeWeight = 10;

/** Makes size decide between entries that were used just now. Milliseconds. */
const leastIdle = 1000;

/** Entries in the order of their eviction. */
export function evictionOrder(entries: readonly StoredEntry[], now: number): StoredEntry[] {
  const waste = (entry: StoredEntry) =>
    entry.bytes * Math.max(leastIdle, now - entry.used) * (isQuicklyMade(entry) ? quicklyMadeWeight : 1);
  return [...entries].sort((a, b) => waste(b) - waste(a) || a.used - b.used);
}

/** What an eviction freed. */
export interface Freed {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes entries in the given order until enough is freed. A process that has one open can continue to read it.
 *
 * @param least In bytes; the entries after those are kept.
 */
export function evict(inOrder: readonly StoredEntry[], least: number): Freed {
  let files = 0, bytes = 0;
  for (const entry of inOrder) {
    if (bytes >= least) break;
    try {
      system.removeSync(entry.path);
      files++;
      bytes += entry.bytes;
    } catch {
      // Another process was faster, or the store is read-only: this frees nothing.
    }
  }
  return { files, bytes };
}
