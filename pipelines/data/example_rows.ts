/** Which row of a list an example is, known by what its prompt was made of. @module */
import type { RowList } from "../common/row_list.ts";
import type { TokenizedExample } from "./examples.ts";

/** Finds the number of a row by the source of its example. */
type RowFinder = (source: TokenizedExample["source"]) => number | undefined;

const finders = new WeakMap<RowList<TokenizedExample>, RowFinder>();

/** Says how rows are found in a list whose examples are made as they are asked for. */
export function findRowsBy(examples: RowList<TokenizedExample>, find: RowFinder): void {
  finders.set(examples, find);
}

/** What finds the rows of a list. */
export function rowFinderOf(examples: RowList<TokenizedExample>): RowFinder {
  return finders.getOrInsertComputed(examples, () => {
    const rows = new Map(examples.map(({ source }, row) => [source, row]));
    return (source) => rows.get(source);
  });
}
