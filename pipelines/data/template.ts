import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { Span } from "../common/span.ts";
import { quote, suggest } from "../common/suggest.ts";

/** A template taken apart: literal text and the names of fields, in order. */
type Segments = readonly ({ readonly text: string } | { readonly field: string })[];

/**
 * Takes a template apart.
 *
 * @param template As in `"{question}\n"`; `{{` and `}}` are literal braces.
 * @param role What the template makes, for the message: `"prompt"` or `"completion"`.
 * @throws {RequestError} If a brace is not closed or not opened, or holds no name.
 */
export function parseTemplate(template: string, role: string): Segments {
  const wrong = (problem: string) => new RequestError(`the ${role} template ${quote(template)} ${problem}`);
  const segments: ({ text: string } | { field: string })[] = [];
  let text = "";
  for (let at = 0; at < template.length; at++) {
    const character = template.charAt(at);
    if (character !== "{" && character !== "}") {
      text += character;
    } else if (template[at + 1] === character) {
      text += character;
      at++;
    } else if (character === "}") {
      throw wrong(`has a "}" that no "{" opens; write "}}" for a literal brace`);
    } else {
      const field = /^[^{}]*(?=\})/.exec(template.slice(at + 1))?.[0];
      if (field === undefined) throw wrong(`has a "{" that no "}" closes; write "{{" for a literal brace`);
      if (field === "") throw wrong(`has an empty "{}"; name a field or write "{{}}" for literal braces`);
      if (text !== "") segments.push({ text });
      segments.push({ field });
      text = "";
      at += field.length + 1;
    }
  }
  if (text !== "") segments.push({ text });
  return segments;
}

/** A template with a row's values in it. */
export interface Filled {
  readonly text: string;
  /** Where each field's values stand, in their order. */
  readonly spans: Readonly<Record<string, readonly Span[]>>;
}

/**
 * Puts a row's values in a template's place.
 *
 * @param place The row's, for the message; `undefined` if it stands in no file.
 * @throws {RequestError} If the row lacks a field, or the field holds neither text, a number nor a boolean.
 */
export function fillTemplate(
  segments: Segments,
  row: Readonly<Record<string, unknown>>,
  role: string,
  place: SourceLocation | undefined,
): Filled {
  const spans: Record<string, Span[]> = {};
  let text = "";
  for (const segment of segments) {
    const part = "text" in segment ? segment.text : printField(row, segment.field, role, place);
    if ("field" in segment) (spans[segment.field] ??= []).push([text.length, text.length + part.length]);
    text += part;
  }
  return { text, spans };
}

function printField(
  row: Readonly<Record<string, unknown>>,
  field: string,
  role: string,
  place: SourceLocation | undefined,
): string {
  if (!Object.hasOwn(row, field)) {
    throw new RequestError(
      `the row has no field ${quote(field)}, which the ${role} template names; ${suggest(field, Object.keys(row))}`,
      place,
    );
  }
  const value = row[field];
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  // A whole number past 2⁵³ was rounded when it was parsed: printing it would change the data.
  if (
    typeof value === "number" && Number.isFinite(value) && !(Number.isInteger(value) && !Number.isSafeInteger(value))
  ) {
    return String(value);
  }
  throw new RequestError(
    `the field ${quote(field)} holds ${describe(value)}, which the ${role} template can't print; write it as a string`,
    place,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number") return `the number ${value}`;
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
