import { resolve } from "node:path";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { text } from "../common/checks.ts";
import type { JsonlSource } from "./dataset.ts";
import { readingAs } from "./file_form.ts";
import { readLines } from "./lines.ts";
import { losesJson } from "./python/json.ts";
import type { RawRow } from "./raw_row.ts";
import type { SourceKind } from "./source_kind.ts";
import { checkTemplate, templateReader } from "./template_rows.ts";

/**
 * Reads a file of one JSON object a line. Blank lines are skipped; a byte order mark and CRLF are tolerated.
 *
 * @param path Absolute.
 * @param limit How many rows are wanted.
 * @throws {RequestError} If the file can't be read, is not UTF-8, holds no row, or a line is not a JSON object; the
 * message has the line, and the column of a fault in the JSON.
 */
export function readJsonl(path: string, limit?: number): Promise<RawRow[]> {
  return readingAs("jsonl", path, () => readObjects(path, limit));
}

async function readObjects(path: string, limit?: number): Promise<RawRow[]> {
  const rows = (await readLines(path, ".jsonl", limit)).map(({ text, place }): RawRow => {
    const fields = parseLine(text, place);
    return { fields, place, ...losesJson(fields) ? { json: text } : {} };
  });
  if (rows.length === 0) throw new RequestError("the file holds no rows; write one JSON object a line", { file: path });
  return rows;
}

/**
 * Checks that a row is an object with names for its fields.
 *
 * @throws {RequestError} If it is not.
 */
export function checkRecord(value: unknown, place: SourceLocation): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new RequestError(`expected a JSON object but found ${found}; write one object a row`, place);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseLine(line: string, place: SourceLocation): Readonly<Record<string, unknown>> {
  const parsed = parseJson(line);
  if (typeof parsed === "object") return checkRecord(parsed.value, place);
  const column = faultColumn(line, parsed);
  throw new RequestError(
    `the line is not JSON (${reason(parsed)}); correct or remove it`,
    column === undefined ? place : { ...place, column },
  );
}

/** The value that a text holds, or V8's message about it. */
function parseJson(text: string): { value: unknown } | string {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const unexpectedToken = "Unexpected token";

/** Most of V8's messages carry the column; for the rest it is found here. */
function faultColumn(line: string, message: string): number | undefined {
  const stated = /\bcolumn (\d+)\)/.exec(message)?.[1];
  if (stated !== undefined) return Number(stated);
  if (message.startsWith("Unexpected end")) return line.trimEnd().length + 1;
  if (!message.startsWith(unexpectedToken)) return undefined;
  // The shortest beginning of the line that has the same fault ends with it; a shorter one is merely incomplete.
  let [low, high] = [1, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const fault = parseJson(line.slice(0, middle));
    if (typeof fault === "string" && fault.startsWith(unexpectedToken)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** V8's message without the row's text and without the position, which the place has already. */
function reason(message: string): string {
  const short = message
    .replace(/, (\.\.\.)?".*$/su, "")
    .replace(/ in JSON at position .*$/su, "")
    .replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
  return short.charAt(0).toLowerCase() + short.slice(1);
}

/** `jsonl(...)`. */
export const jsonl: SourceKind<JsonlSource> = {
  settings: { path: text, template: checkTemplate },
  hasTurns: false,
  withFiles: (source, pathOf) => ({ ...source, path: pathOf(source.path, "rows") }),
  readRecords: ({ path }, base, limit) => readJsonl(resolve(base, path), limit),
  rowReader: ({ template }) => templateReader(template),
};
