/** Lists of JSON values in the store, of which few are in memory as objects at a time. @module */
import { JsonRows, jsonText } from "../common/json_rows.ts";
import type { RowList } from "../common/row_list.ts";
import type { Store } from "./store.ts";

/** About how many characters are written at once, and how many a value usually has. */
const writtenLength = 2 ** 16, usualLength = 40;

/** Reads a list that {@linkcode putList} or {@linkcode Store.putJson} wrote; undefined if there is none, or it was damaged. */
export async function getList<T>(store: Store, kind: string, key: string): Promise<JsonRows<T> | undefined> {
  using entry = await store.get(kind, key);
  return entry === undefined ? undefined : JsonRows.parse<T>(await entry.readBytes("json"));
}

/**
 * Writes a list as the document that {@linkcode Store.putJson} would write.
 *
 * @throws {TypeError} If a value is not JSON.
 * @throws {RunError} If the disk is full or can't be written.
 */
export async function putList(store: Store, kind: string, key: string, rows: RowList<unknown>): Promise<void> {
  await store.put(kind, key, (entry) => {
    const encoder = new TextEncoder();
    let text = "[", size = 0, at = 0;
    const write = () => {
      const bytes = encoder.encode(text);
      entry.extend(bytes);
      size += bytes.length;
      text = "";
    };
    entry.begin(Math.max(writtenLength, usualLength * rows.length));
    for (const row of rows) {
      text += at++ === 0 ? jsonText(row) : `,${jsonText(row)}`;
      if (text.length >= writtenLength) write();
    }
    text += "]";
    write();
    entry.declare({ tensors: [{ name: "json", dtype: "U8", shape: [size] }] });
  });
}
