/** What a kind of view is. @module */
import type { Check, Fields as Checks } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import type { Dataset, Source, View } from "./dataset.ts";
import type { RawRow } from "./files/raw_row.ts";

/** A record, and the source whose template makes a row of it. */
export interface Found {
  readonly record: RawRow;
  readonly source: Source;
}

/** Rows that can be read more than once, from the first each time. */
export interface Viewed {
  /** Their name in errors: the first source's file, or its kind. */
  readonly name: string;
  /**
   * The rows in order, read as they are requested.
   *
   * @param first How many are requested, if known; there may be more.
   */
  read(first?: number): AsyncIterable<Found>;
}

/** All that is known about one kind of view. */
export interface ViewKind<V extends View> {
  /** A check of each setting, in the order in which they are reported. */
  settings(dataset: Check): Checks<V>;
  /**
   * Which of its rows it reads: all if they are drawn, some of the first, as many as requested, or those that a
   * function selects.
   */
  readonly reads: "all" | "first" | "as asked" | "by function";
  /** As written in a pipeline file, as in `.take(5)`. */
  describe(view: V): string;
  /** The rows that it selects from others. `of` opens other data sets, and `note` receives notes for the user. */
  rows(view: V, rows: Viewed, of: (dataset: Dataset) => Viewed, note: (says: string) => void): Viewed["read"];
}

/**
 * Counts rows. If there are few, they are kept in memory, so that a file is not read again for them.
 *
 * @returns The number, and the rows.
 */
export async function counted(rows: Viewed): Promise<{ readonly count: number; readonly rows: Viewed }> {
  let kept: Found[] | undefined = [], count = 0;
  for await (const row of rows.read()) {
    count++;
    if (kept !== undefined && count > mostKept) kept = undefined;
    kept?.push(row);
  }
  const all = kept;
  if (all === undefined) return { count, rows };
  return {
    count,
    rows: {
      ...rows,
      async *read() {
        yield* all;
      },
    },
  };
}

/** The maximum number of rows kept in memory. */
const mostKept = 2_000;

/**
 * Checks that a count is a number of rows.
 *
 * @throws {RequestError} If it is not.
 */
export function requireCount(view: string, count: number, example = "100"): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RequestError(
    `expected ${view}'s count to be a whole number of rows but found ${count}; correct it, as in .${view}(${example})`,
  );
}

/**
 * Checks that a seed is a whole number.
 *
 * @throws {RequestError} If it is not.
 */
export function requireSeed(view: string, seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new RequestError(
    `expected ${view}'s seed to be a whole number but found ${seed}; correct it, as in 7`,
  );
}
