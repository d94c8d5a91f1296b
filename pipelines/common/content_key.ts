import { createHash } from "node:crypto";

/**
 * The key of an entry whose bytes depend on `parts` and on nothing else: the SHA-256, in hex, of their canonical JSON.
 * The order of an object's members does not matter, everything else does.
 *
 * @param parts Null, booleans, finite numbers, strings, arrays and plain objects of such.
 * @returns 64 hex digits.
 * @throws {TypeError} If there is anything else in it, such as undefined, NaN or a typed array; the message says where.
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
  return createHash("sha256").update(canonicalJson(parts, "parts")).digest("hex");
}

function canonicalJson(value: unknown, path: string): string {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    // Rows' tokens are most of what there is.
    if (areFinite(value)) return `[${value.join()}]`;
    // Array.from visits the holes of a sparse array, map would not.
    return `[${Array.from(value, (item, index) => canonicalJson(item, `${path}[${index}]`)).join(",")}]`;
  }
  if (isPlainObject(value)) {
    const members = Object.keys(value).sort().map((name) =>
      `${JSON.stringify(name)}:${canonicalJson(value[name], `${path}.${name}`)}`
    );
    return `{${members.join(",")}}`;
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
