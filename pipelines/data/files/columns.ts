/** Columns of text files. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";

/**
 * Checks that each column has its own name.
 *
 * @throws {RequestError} If one has none, or two share one.
 */
export function requireNames(names: readonly string[], place: SourceLocation): void {
  const twice = names.find((name, at) => name === "" || names.indexOf(name) !== at);
  if (twice === undefined) return;
  const problem = twice === "" ? "a column has no name" : `two columns are called ${quote(twice)}`;
  throw new RequestError(`${problem}; give each its own name`, place);
}

/**
 * A line's cells by their columns' names.
 *
 * @throws {RequestError} If there are more or fewer cells than columns.
 */
export function cellsByName(
  cells: readonly string[],
  names: readonly string[],
  place: SourceLocation,
): Readonly<Record<string, string>> {
  if (cells.length === names.length) return Object.fromEntries(names.map((name, at) => [name, cells[at]!]));
  throw new RequestError(
    `the line has ${counted(cells.length)} where ${names.length} are expected (${names.join(", ")}); ` +
      "correct or remove it",
    place,
  );
}

const counted = (columns: number) => columns === 1 ? "1 column" : `${columns} columns`;
