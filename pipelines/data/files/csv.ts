import { leaf, listOf, optional, text } from "../../common/checks.ts";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { cellsByName, requireNames } from "./columns.ts";
import { CsvRecords } from "./csv_records.ts";
import type { CsvRows } from "./declared.ts";
import { readAllLines } from "./lines.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileProgress, RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";

/**
 * Reads comma-separated values as {@linkcode CsvRecords} parses them. Empty lines are skipped; a byte order mark and
 * CRLF are tolerated. All values are strings.
 *
 * @param path Absolute.
 * @throws {RequestError} If the file cannot be read, is not UTF-8, has no rows, a column without a name or two with the
 * same name, or a row has another number of columns or an invalid quoted field; the message has the line where the row
 * begins.
 */
async function* readCsv(
  { separator = ",", columns }: CsvRows,
  path: string,
  progress: FileProgress | undefined,
): AsyncGenerator<RawRow> {
  const records = new CsvRecords(separator);
  let names = columns, isEmpty = true;
  if (names !== undefined) requireNames(names, { file: path });
  for await (const line of readAllLines(path, ".csv", progress)) {
    const record = records.next(line.text, line.place);
    if (record === undefined) continue;
    const { cells, place } = record;
    if (names === undefined) {
      // The index that pandas writes has no name; it gets the name that pandas and Python's datasets give it.
      names = cells.map((name, at) => name === "" && cells.length > 1 ? `Unnamed: ${at}` : name);
      requireColumns(names, separator, place);
      continue;
    }
    isEmpty = false;
    yield { fields: cellsByName(cells, names, place), place };
  }
  records.end();
  if (isEmpty) throw new RequestError("the file has no rows; write one row per line", { file: path });
}

/** Checks that a header names columns split by the separator, and is not the content of another kind of file. */
function requireColumns(names: readonly string[], separator: string, place: SourceLocation): void {
  const [first = ""] = names, isOther = names.length === 1 ? /[\t;]|^\s*[[{]/ : /^\s*(\{\s*"|\[\s*\{)/;
  if (isOther.test(first) || names.some((name) => name.includes("\0"))) {
    throw new RequestError(
      `the header has no separator ${
        JSON.stringify(separator)
      }; give the separator that the file uses, as in separator: ";"`,
      place,
    );
  }
  requireNames(names, place);
}

/** `csv(...)`. */
export const csv: RecordKind<CsvRows> = {
  settings: {
    path: text,
    separator: optional(leaf("one character", (value) => typeof value === "string" && value.length === 1)),
    columns: optional(listOf("a list of names", text)),
  },
  ...inFiles("csv", (rows, path, { progress }) => readCsv(rows, path, progress)),
};
