/** Sizes as people write them, with decimal units (`20GB`) or binary ones (`1.5GiB`). @module */

const letters = ["", "k", "m", "g", "t"];

/**
 * Parses a size.
 *
 * @returns Bytes, `Infinity` for `unlimited`; undefined if the text is not a size.
 *
 * @example Decimal and binary units
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSize } from "./size.ts";
 *
 * assert.equal(parseSize("500MB"), 500_000_000);
 * assert.equal(parseSize("1.5GiB"), 1.5 * 2 ** 30);
 * ```
 */
export function parseSize(text: string): number | undefined {
  if (text === "unlimited") return Infinity;
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgt]?)b?|([kmgt])ib)$/i.exec(text);
  if (match === null) return undefined;
  const [, number, decimal = "", binary] = match;
  const [base, letter] = binary === undefined ? [1000, decimal] : [1024, binary];
  const bytes = Math.floor(Number(number) * base ** letters.indexOf(letter.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A readable size with three digits: `1.25 GB`; `unlimited` for `Infinity`. */
export function formatSize(bytes: number): string {
  if (bytes === Infinity) return "unlimited";
  let power = 0;
  while (power < letters.length - 1 && bytes / 1000 ** power >= 999.5) power++;
  const number = bytes / 1000 ** power;
  const digits = power === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.max(1, number))));
  return `${number.toFixed(digits)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}
