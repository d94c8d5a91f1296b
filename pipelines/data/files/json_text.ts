/** JSON texts of rows, and the errors in them. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";

/**
 * Checks that a row is an object with named fields.
 *
 * @throws {RequestError} If it is not.
 */
export function checkRecord(value: unknown, place: SourceLocation): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new RequestError(`expected a JSON object but found ${found}; write one object per row`, place);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a text, or V8's message about it. */
export function parseJson(text: string): { value: unknown } | string {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** V8's message without the row's text and without the position, which the place already has. */
export function reason(message: string): string {
  const short = message
    .replace(/, (\.\.\.)?".*$/su, "")
    .replace(/ in JSON at position .*$/su, "")
    .replace(/ at position \d+ .*$/su, "")
    .replace(/[\p{Cc}\p{Cf}]/gu, escaped);
  return short.charAt(0).toLowerCase() + short.slice(1);
}

/** An invisible character, escaped as in JSON. */
function escaped(character: string): string {
  const text = JSON.stringify(character).slice(1, -1);
  return text === character ? `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}` : text;
}
