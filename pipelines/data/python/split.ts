/** Splits texts as Python does. @module */

/** White space beyond ASCII, as the inside of a character class. */
export const wideSpaces = "\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** What Python counts as white space, likewise. */
const spaces = `\\t-\\r\\x1c-\\x20${wideSpaces}`;
const atStart = new RegExp(`^[${spaces}]+`, "u"), atEnd = new RegExp(`[${spaces}]+$`, "u");

const lineEnds = "\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const lineEnd = new RegExp(`\\r\\n|[${lineEnds}]`, "u");

/** Whether a text is nothing but white space, and not empty. */
export function isSpace(text: string): boolean {
  return text.replace(atStart, "") === "" && text !== "";
}

/** Which sides of a text are stripped. */
export type Sides = "both" | "left" | "right";

/** A text without white space, or without the given characters, at its sides. */
export function strip(text: string, sides: Sides = "both", characters?: string): string {
  if (characters === undefined) {
    const left = sides === "right" ? text : text.replace(atStart, "");
    return sides === "left" ? left : left.replace(atEnd, "");
  }
  const stripped = new Set(characters), all = Array.from(text);
  let [start, end] = [0, all.length];
  while (sides !== "right" && start < end && stripped.has(all[start]!)) start++;
  while (sides !== "left" && end > start && stripped.has(all[end - 1]!)) end--;
  return all.slice(start, end).join("");
}

/** A text's lines without their ends. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineEnd);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/**
 * The parts of a text between separators; without a separator, between white space.
 *
 * @param most The maximum number of splits, from the left or the right.
 * @throws {TypeError} If the separator is empty.
 */
export function split(text: string, separator: string | undefined, most = Infinity, fromRight = false): string[] {
  if (separator === "") throw new TypeError("the separator is empty");
  // White space at the far side stays if the splits don't reach it.
  const whole = separator === undefined ? strip(text, fromRight ? "right" : "left") : text;
  const ends = separator === undefined
    ? [...whole.matchAll(new RegExp(`[${spaces}]+`, "gu"))].map(({ 0: { length }, index }) => [index, index + length])
    : placesOf(whole, separator, fromRight).map((at) => [at, at + separator.length]);
  const kept = fromRight ? ends.slice(Math.max(0, ends.length - most)) : ends.slice(0, most);
  let start = 0;
  const parts = kept.map(([from = 0, to = 0]) => {
    const part = whole.slice(start, from);
    start = to;
    return part;
  });
  const all = [...parts, whole.slice(start)];
  if (separator !== undefined) return all;
  if (all.at(fromRight ? 0 : -1) === "") all.splice(fromRight ? 0 : -1, 1);
  return all;
}

/** Where a part occurs in a text, without overlaps. */
export function placesOf(text: string, part: string, fromRight = false): number[] {
  const found: number[] = [];
  if (fromRight) {
    for (
      let at = text.lastIndexOf(part);
      at !== -1;
      at = at < part.length ? -1 : text.lastIndexOf(part, at - part.length)
    ) {
      found.unshift(at);
    }
  } else {
    for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found.push(at);
  }
  return found;
}
