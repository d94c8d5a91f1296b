import { type Place, RequestError } from "../errors.ts";

/** A row as its file has it. */
export interface RawRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

/**
 * Reads a file of one JSON object a line. Blank lines are skipped; a byte order mark and CRLF are tolerated.
 *
 * @param path Absolute.
 * @throws {RequestError} If the file can't be read, is not UTF-8, holds no row, or a line is not a JSON object; the
 * message has the line, and the column of a fault in the JSON.
 */
export async function readJsonl(path: string): Promise<RawRow[]> {
  const bytes = await readFile(path);
  const rows: RawRow[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    // A newline byte is never part of a longer UTF-8 sequence, so that lines can be decoded one by one.
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const place = { file: path, line };
    const text = decode(bytes.subarray(start, end), place);
    if (text.trim() !== "") rows.push({ fields: parseLine(text, place), place });
    start = end + 1;
  }
  if (rows.length === 0) throw new RequestError("the file holds no rows; write one JSON object a line", { file: path });
  return rows;
}

/**
 * Checks that a row is an object with names for its fields.
 *
 * @throws {RequestError} If it is not.
 */
export function checkRecord(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new RequestError(`expected a JSON object but found ${found}; write one object a row`, place);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const problem = error instanceof Deno.errors.NotFound
      ? "there is no such file; give a path relative to the pipeline file, or an absolute one"
      : error instanceof Deno.errors.IsADirectory
      ? "this is a folder; give the path of a .jsonl file"
      : `the file can't be read (${error instanceof Error ? error.message : error}); check its permissions`;
    throw new RequestError(problem, { file: path });
  }
}

function decode(bytes: Uint8Array, place: Place): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return place.line === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
  } catch {
    throw new RequestError("the line is not UTF-8 text; save the file as UTF-8", place);
  }
}

function parseLine(line: string, place: Place): Readonly<Record<string, unknown>> {
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
