import { optional, text } from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import { losesJson } from "../python/json.ts";
import { readBytes } from "./bytes.ts";
import type { JsonRows } from "./declared.ts";
import { jsonItems } from "./json_items.ts";
import { checkRecord, parseJson, reason } from "./json_text.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileProgress, RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";
import { decodeText } from "./text.ts";

/**
 * Reads the objects of a list in a JSON file one by one.
 *
 * @param path Absolute.
 * @throws {RequestError} If the file cannot be read, is not UTF-8 or not JSON, has no list at `at`, or an item of it is
 * not an object; the message has the line where the item begins.
 */
async function* readJsonList(
  { at }: JsonRows,
  path: string,
  progress: FileProgress | undefined,
): AsyncGenerator<RawRow> {
  let isEmpty = true;
  const names = at === undefined ? [] : at.split(".");
  for await (const { bytes, line } of jsonItems(readBytes(path, ".json", progress), path, names)) {
    const place = { file: path, line }, text = decodeText(bytes, place), parsed = parseJson(text);
    if (typeof parsed === "string") {
      throw new RequestError(`the row is not JSON (${reason(parsed)}); correct or remove it`, place);
    }
    const fields = checkRecord(parsed.value, place);
    isEmpty = false;
    yield { fields, place, ...losesJson(fields) ? { json: text } : {} };
  }
  if (isEmpty) throw new RequestError("the list has no rows; give it at least one object", { file: path });
}

/** `json(...)`. */
export const json: RecordKind<JsonRows> = {
  settings: { path: text, at: optional(text) },
  ...inFiles("json", (rows, path, { progress }) => readJsonList(rows, path, progress)),
};
