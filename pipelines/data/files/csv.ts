import { ownValue } from "../../../ops/program/own_value.ts";
import { leaf, listOf, optional, text } from "../../common/checks.ts";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { readBytes } from "./bytes.ts";
import { cellsByName, requireNames } from "./columns.ts";
import type { ParsedPlace } from "./csv_options.ts";
import { parsedCsv } from "./csv_parser.ts";
import type { CsvRows } from "./declared.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileProgress, RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";
import { decodeText } from "./text.ts";

/** Faults of quotation marks, by the parser's name for them, and where their row begins or ends. */
const faults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED:
    'a field begins with a quotation mark that is never closed; close it, or write "" for one inside',
  INVALID_OPENING_QUOTE:
    'a quotation mark is inside a field that is not in quotes; put the field in quotes and write "" for the mark',
  CSV_INVALID_CLOSING_QUOTE:
    'a field continues after the quotation mark that closes it; write "" for a mark inside, and a separator after the field',
};

/**
 * Reads comma-separated values as RFC 4180 has them: a field in quotes may hold separators, newlines and, doubled, quotes.
 * Blank lines are skipped; a byte order mark and CRLF are tolerated. All values are texts.
 *
 * @param path Absolute.
 * @throws {RequestError} If the file can't be read, is not UTF-8, holds no row, names a column twice or not at all, or a
 * row has another number of columns or a stray quotation mark; the message has the line where the row begins.
 */
async function* readCsv(
  { separator = ",", columns }: CsvRows,
  path: string,
  progress: FileProgress | undefined,
): AsyncGenerator<RawRow> {
  const lines = new LineCount(), checked = new CheckedText(path);
  let blank = 0;
  // Rows are placed as they are parsed, so that a fault's place is known though rows before it were not asked for yet.
  const places: number[] = [];
  const place = (record: string[], { bytes, empty_lines }: ParsedPlace) => {
    places.push(lines.at + empty_lines - blank);
    lines.advance(bytes);
    blank = empty_lines;
    return record;
  };
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readBytes(path, ".csv", progress)) {
      checked.see(chunk);
      lines.see(chunk);
      yield chunk;
    }
    checked.end();
  }
  let names = columns, isEmpty = true;
  if (names !== undefined) requireNames(names, { file: path });
  try {
    for await (const record of parsedCsv(watched(), separator, place)) {
      const place = { file: path, line: places.shift()! };
      if (names === undefined) {
        // The index that pandas writes has no name; it is called as pandas and Python's datasets call it.
        names = record.map((name, at) => name === "" && record.length > 1 ? `Unnamed: ${at}` : name);
        requireColumns(names, separator, place);
        continue;
      }
      isEmpty = false;
      yield { fields: cellsByName(record, names, place), place };
    }
  } catch (fault) {
    const problem = fault instanceof Error && "code" in fault ? ownValue(faults, String(fault.code)) : undefined;
    if (problem === undefined) throw fault;
    throw new RequestError(problem, { file: path, line: lines.at });
  }
  if (isEmpty) throw new RequestError("the file holds no rows; write one row a line", { file: path });
}

/** Sees that a header names columns that are split by the separator, and not another file's content. */
function requireColumns(names: readonly string[], separator: string, place: SourceLocation): void {
  const [only = ""] = names;
  if (names.length === 1 && /[\t;]|^\s*[[{]/.test(only) || names.some((name) => name.includes("\0"))) {
    throw new RequestError(
      `the header has no separator ${JSON.stringify(separator)}; give the one that the file has, as in separator: ";"`,
      place,
    );
  }
  requireNames(names, place);
}

/** Counts lines up to a byte of what was seen; the parser counts a CRLF within quotes twice. */
class LineCount {
  /** The line at which the bytes end that were counted. */
  at = 1;
  #counted = 0;
  #seen: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  #total = 0;

  see(bytes: Uint8Array): void {
    // The parser works on what it is given later, and does not change it.
    this.#seen.push({ from: this.#total, bytes });
    this.#total += bytes.length;
  }

  advance(to: number): void {
    while (this.#counted < to) {
      const { from, bytes } = this.#seen[0]!, end = Math.min(to, from + bytes.length);
      for (let at = bytes.indexOf(0x0a, this.#counted - from); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
        if (from + at >= end) break;
        this.at++;
      }
      this.#counted = end;
      if (end === from + bytes.length) this.#seen.shift();
    }
  }
}

/** Sees that bytes are UTF-8, which the parser would not say. */
class CheckedText {
  readonly #path: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  see(bytes: Uint8Array): void {
    try {
      this.#decoder.decode(bytes, { stream: true });
    } catch {
      this.#refuse(bytes);
    }
    for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) this.#lines++;
  }

  end(): void {
    try {
      this.#decoder.decode();
    } catch {
      this.#refuse(Uint8Array.of(0xff));
    }
  }

  /** Fails at the line in question, as far as it is in these bytes. */
  #refuse(bytes: Uint8Array): void {
    let start = 0;
    for (let line = this.#lines + 1;; line++) {
      const end = bytes.indexOf(0x0a, start), part = bytes.subarray(start, end === -1 ? bytes.length : end);
      // The first line of these bytes may begin within a character, which is no fault of it.
      const text = line === this.#lines + 1 ? part.subarray(part.findIndex((byte) => (byte & 0xc0) !== 0x80)) : part;
      decodeText(end === -1 ? Uint8Array.of(0xff) : text, { file: this.#path, line });
      start = end + 1;
    }
  }
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
