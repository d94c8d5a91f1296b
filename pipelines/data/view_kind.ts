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

/** Rows that can be read more than once, from the first on each time. */
export interface Viewed {
  /** What errors call the rows: the first source's file, or its kind. */
  readonly name: string;
  /**
   * The rows in order, read as they are asked for.
   *
   * @param first How many are asked for, if that is known; there may be more.
   */
  read(first?: number): AsyncIterable<Found>;
}

/** All that is known about one kind of view. */
export interface ViewKind<V extends View> {
  /** A check of each setting, in the order in which they are reported. */
  settings(dataset: Check): Checks<V>;
  /** What it reads of its rows: all if they are drawn, some of the first, as much as is asked for, or what a function says. */
  readonly reads: "all" | "first" | "as asked" | "by function";
  /** As a pipeline file has it, as in `.take(5)`. */
  describe(view: V): string;
  /** The rows that it leaves of others. `of` opens other data sets, and `note` takes what a person should know. */
  rows(view: V, rows: Viewed, of: (dataset: Dataset) => Viewed, note: (says: string) => void): Viewed["read"];
}

/**
 * How many rows there are. As long as they are few they are kept, so that a file is not read again for them.
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

/** Rows that are kept to spare reading them again. */
const mostKept = 2_000;

/**
 * Sees that a count is one of rows.
 *
 * @throws {RequestError} If it is none.
 */
export function requireCount(view: string, count: number, example = "100"): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RequestError(
    `expected ${view}'s count to be a whole number of rows but found ${count}; correct it, as in .${view}(${example})`,
  );
}

/**
 * Sees that a seed is a whole number.
 *
 * @throws {RequestError} If it is none.
 */
export function requireSeed(view: string, seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new RequestError(
    `expected ${view}'s seed to be a whole number but found ${seed}; correct it, as in 7`,
  );
}
