/** Finds the row of an example in a list by the source of its prompt. @module */
import type { RowList } from "../common/row_list.ts";
import type { TokenizedExample } from "./examples.ts";

/** Finds the index of a row by the source of its example. */
type RowFinder = (source: TokenizedExample["source"]) => number | undefined;

const finders = new WeakMap<RowList<TokenizedExample>, RowFinder>();

/** Registers how rows are found in a list whose examples are built on access. */
export function findRowsBy(examples: RowList<TokenizedExample>, find: RowFinder): void {
  finders.set(examples, find);
}

/** The function that finds the rows of a list. */
export function rowFinderOf(examples: RowList<TokenizedExample>): RowFinder {
  return finders.getOrInsertComputed(examples, () => {
    const rows = new Map(examples.map(({ source }, row) => [source, row]));
    return (source) => rows.get(source);
  });
}
