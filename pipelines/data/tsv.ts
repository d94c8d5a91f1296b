import { resolve } from "node:path";
import { RequestError } from "../common/errors.ts";
import { listOf, optional, text } from "../common/checks.ts";
import { quote } from "../common/suggest.ts";
import type { TsvSource } from "./dataset.ts";
import { readingAs } from "./file_form.ts";
import { type Line, readLines } from "./lines.ts";
import type { RawRow } from "./raw_row.ts";
import type { SourceKind } from "./source_kind.ts";
import { checkTemplate, templateReader } from "./template_rows.ts";

/**
 * Reads a file of one row a line, its columns parted by tabs. Nothing is quoted: a quotation mark stands for itself, as in
 * GLUE's files. Blank lines are skipped; a byte order mark and CRLF are tolerated.
 *
 * @param path Absolute.
 * @param columns Their names where the file's first line does not say them.
 * @param limit How many rows are wanted.
 * @throws {RequestError} If the file can't be read, is not UTF-8, holds no row, names a column twice or not at all, or a
 * line has another number of columns; the message has the line.
 */
async function readTsv(path: string, columns: TsvSource["columns"], limit = Infinity): Promise<RawRow[]> {
  const wanted = columns === undefined ? limit + 1 : limit;
  const lines = (await readLines(path, ".tsv", wanted)).map(({ text, place }) => ({
    text: text.replace(/\r$/, ""),
    place,
  }));
  const header = columns === undefined ? lines.shift() : undefined;
  if (lines.length === 0) throw new RequestError("the file holds no rows; write one row a line", { file: path });
  const names = header?.text.split("\t") ?? columns ?? [];
  const twice = names.find((name, at) => name === "" || names.indexOf(name) !== at);
  if (twice !== undefined) {
    const problem = twice === "" ? "a column has no name" : `two columns are called ${quote(twice)}`;
    throw new RequestError(`${problem}; give each a name of its own`, header?.place ?? { file: path });
  }
  return lines.map((line) => ({ fields: fieldsOf(line, names), place: line.place }));
}

function fieldsOf({ text, place }: Line, names: readonly string[]): Readonly<Record<string, string>> {
  const cells = text.split("\t");
  if (cells.length !== names.length) {
    throw new RequestError(
      `the line has ${counted(cells.length)} where ${names.length} are expected (${names.join(", ")}); ` +
        "correct or remove it",
      place,
    );
  }
  return Object.fromEntries(names.map((name, at) => [name, cells[at]!]));
}

const counted = (columns: number) => columns === 1 ? "1 column" : `${columns} columns`;

/** `tsv(...)`. */
export const tsv: SourceKind<TsvSource> = {
  settings: { path: text, template: checkTemplate, columns: optional(listOf("a list of names", text)) },
  hasTurns: false,
  withFiles: (source, pathOf) => ({ ...source, path: pathOf(source.path, "rows") }),
  readRecords: ({ path, columns }, base, limit) => {
    const file = resolve(base, path);
    return readingAs("tsv", file, () => readTsv(file, columns, limit));
  },
  rowReader: ({ template }) => templateReader(template),
};
