import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { text } from "../../common/checks.ts";
import type { JsonlRows } from "./declared.ts";
import { checkRecord, parseJson, reason } from "./json_text.ts";
import { readLines } from "./lines.ts";
import { losesJson } from "../python/json.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileProgress, RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";

/** Reads a file with one JSON object per line. Blank lines are skipped; a byte order mark and CRLF are tolerated. */
async function* readJsonl(path: string, progress: FileProgress | undefined): AsyncGenerator<RawRow> {
  let isEmpty = true;
  for await (const { text, place } of readLines(path, ".jsonl", progress)) {
    const fields = parseLine(text, place);
    isEmpty = false;
    yield { fields, place, ...losesJson(fields) ? { json: text } : {} };
  }
  if (isEmpty) throw new RequestError("the file has no rows; write one JSON object per line", { file: path });
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

const unexpectedToken = "Unexpected token";

/** Most of V8's messages state the column; for the rest it is found here. */
function faultColumn(line: string, message: string): number | undefined {
  const stated = /\bcolumn (\d+)\)/.exec(message)?.[1];
  if (stated !== undefined) return Number(stated);
  if (message.startsWith("Unexpected end")) return line.trimEnd().length + 1;
  if (!message.startsWith(unexpectedToken)) return undefined;
  // The shortest prefix of the line with the same error ends with it; a shorter one is merely incomplete.
  let [low, high] = [1, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const fault = parseJson(line.slice(0, middle));
    if (typeof fault === "string" && fault.startsWith(unexpectedToken)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `jsonl(...)`. */
export const jsonl: RecordKind<JsonlRows> = {
  settings: { path: text },
  ...inFiles("jsonl", (_, path, { progress }) => readJsonl(path, progress)),
};
