import { ownValue } from "../../ops/program/own_value.ts";
import { createHash } from "node:crypto";
import { MadeRows } from "./row_list.ts";

/**
 * The key of an entry whose bytes depend on `parts` and on nothing else: the SHA-256, in hex, of their canonical JSON.
 * The order of an object's members does not matter, everything else does.
 *
 * @param parts Null, booleans, finite numbers, strings, arrays and plain objects of these, and {@linkcode MadeRows},
 * which are keyed like arrays.
 * @returns 64 hex digits.
 * @throws {TypeError} If it contains anything else, such as undefined, NaN or a typed array; the message says where.
 *
 * @example Order does not matter
 * ```ts
 * import assert from "node:assert/strict";
 * import { keyOf } from "./content_key.ts";
 *
 * assert.equal(keyOf({ seed: 1, epochs: 2 }), keyOf({ epochs: 2, seed: 1 }));
 * ```
 */
export function keyOf(parts: unknown): string {
  const hash = createHash("sha256");
  // The text of all rows' tokens may be larger than the tokens, so it is never held as a whole.
  let pending = "";
  writeCanonicalJson(parts, "parts", (text) => {
    pending += text;
    if (pending.length < pendingLength) return;
    hash.update(pending);
    pending = "";
  });
  return hash.update(pending).digest("hex");
}

/** How much text is gathered before it is hashed. */
const pendingLength = 2 ** 16;

function writeCanonicalJson(value: unknown, path: string, write: (text: string) => void): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) {
    return write(JSON.stringify(value));
  }
  if (Array.isArray(value)) {
    // Rows' tokens are most of the input.
    if (areFinite(value)) return write(`[${value.join()}]`);
    write("[");
    // By index, because iterating over its items would not detect the holes of a sparse array.
    for (let index = 0; index < value.length; index++) {
      if (index > 0) write(",");
      writeCanonicalJson(value[index], `${path}[${index}]`, write);
    }
    return write("]");
  }
  if (value instanceof MadeRows) {
    // Like a list of the same rows, of which one at a time is in memory.
    write("[");
    let index = 0;
    for (const row of value) {
      if (index > 0) write(",");
      writeCanonicalJson(row, `${path}[${index++}]`, write);
    }
    return write("]");
  }
  if (isPlainObject(value)) {
    write("{");
    Object.keys(value).sort().forEach((name, at) => {
      write(`${at > 0 ? "," : ""}${JSON.stringify(name)}:`);
      writeCanonicalJson(ownValue(value, name), `${path}.${name}`, write);
    });
    return write("}");
  }
  const found = typeof value === "object" ? `a ${value?.constructor?.name}` : String(value);
  throw new TypeError(`Expected a key's parts to be plain JSON values but found ${found} at ${path}`);
}

function areFinite(items: readonly unknown[]): boolean {
  for (let at = 0; at < items.length; at++) if (!Number.isFinite(items[at])) return false;
  return true;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
