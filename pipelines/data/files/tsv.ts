import { RequestError } from "../../common/errors.ts";
import { listOf, optional, text } from "../../common/checks.ts";
import { cellsByName, requireNames } from "./columns.ts";
import type { TsvRows } from "./declared.ts";
import { readLines } from "./lines.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileProgress, RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";

/**
 * Reads a file with one row per line, its columns separated by tabs. Nothing is quoted: a quotation mark is an ordinary
 * character, as in GLUE's files. Blank lines are skipped; a byte order mark and CRLF are tolerated.
 *
 * @param path Absolute.
 * @param columns Their names, if the file's first line does not have them.
 * @throws {RequestError} If the file cannot be read, is not UTF-8, has no rows, a column without a name or two with the
 * same name, or a line has another number of columns; the message has the line.
 */
async function* readTsv(
  path: string,
  columns: TsvRows["columns"],
  progress: FileProgress | undefined,
): AsyncGenerator<RawRow> {
  let names = columns, isEmpty = true;
  if (names !== undefined) requireNames(names, { file: path });
  for await (const { text, place } of readLines(path, ".tsv", progress)) {
    const line = text.replace(/\r$/, "");
    if (names === undefined) {
      names = line.split("\t");
      requireNames(names, place);
      continue;
    }
    isEmpty = false;
    yield { fields: cellsByName(line.split("\t"), names, place), place };
  }
  if (isEmpty) throw new RequestError("the file has no rows; write one row per line", { file: path });
}

/** `tsv(...)`. */
export const tsv: RecordKind<TsvRows> = {
  settings: { path: text, columns: optional(listOf("a list of names", text)) },
  ...inFiles("tsv", ({ columns }, path, { progress }) => readTsv(path, columns, progress)),
};
