/** Lists of JSON values in the store, of which few are in memory as objects at a time. @module */
import { JsonRows, jsonText } from "../common/json_rows.ts";
import type { RowList } from "../common/row_list.ts";
import type { Store } from "./store.ts";

/** About how many characters are written at once. */
const writtenLength = 2 ** 16;

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
    const encoder = new TextEncoder(),
      declaration = (size: number) => {
        return { tensors: [{ name: "json", dtype: "U8", shape: [size] }] } as const;
      };
    let text = "[", size: number | undefined, at = 0;
    const flush = (from: number) => {
      const bytes = encoder.encode(text);
      entry.extend(bytes);
      text = "";
      return from + bytes.length;
    };
    for (const row of rows) {
      text += at++ === 0 ? jsonText(row) : `,${jsonText(row)}`;
      if (text.length < writtenLength) continue;
      if (size === undefined) entry.begin(text.length * rows.length / at);
      size = flush(size ?? 0);
    }
    text += "]";
    if (size !== undefined) return entry.declare(declaration(flush(size)));
    // A short one takes no more of the disk than it has.
    const bytes = encoder.encode(text);
    entry.declare(declaration(bytes.length));
    entry.append("json", bytes);
  });
}
