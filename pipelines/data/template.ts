import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { Span } from "../common/span.ts";
import { quote, suggest } from "../common/suggest.ts";
import { str } from "./python/print.ts";
import { isDict, isList, type PythonValue, Untextual } from "./python/value.ts";
import { pythonFields, type RawRow } from "./files/raw_row.ts";
import { requireWellFormed } from "../common/well_formed.ts";

/** A parsed template: literal text and the names of fields, in order. */
type Segments = readonly ({ readonly text: string } | { readonly field: string })[];

/**
 * Parses a template.
 *
 * @param template As in `"{question}\n"`; `{{` and `}}` are literal braces.
 * @param role What the template produces, for the message: `"prompt"` or `"completion"`.
 * @throws {RequestError} If a brace is not closed or not opened, or contains no name.
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
      throw wrong(`has a "}" without a "{"; write "}}" for a literal brace`);
    } else {
      const field = /^[^{}]*(?=\})/.exec(template.slice(at + 1))?.[0];
      if (field === undefined) throw wrong(`has a "{" without a "}"; write "{{" for a literal brace`);
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

/** A template filled with a row's values. */
export interface Filled {
  readonly text: string;
  /** Where each field's values are, in order. */
  readonly spans: Readonly<Record<string, readonly Span[]>>;
}

/** What a template is filled with: a row, from a file or not. */
export type Values = Pick<RawRow, "fields" | "json" | "python"> & { readonly place?: SourceLocation };

/**
 * Fills a template with a row's values, as Python prints them: `5.0`, `True`, `['a', 1]`.
 *
 * @throws {RequestError} If the row lacks a field, or the field holds null, a lone surrogate, or a number that
 * JavaScript has rounded.
 */
export function fillTemplate(segments: Segments, row: Values, role: string): Filled {
  const spans = new Map<string, Span[]>();
  let text = "";
  for (const segment of segments) {
    const part = "text" in segment ? segment.text : printField(row, segment.field, role);
    if ("field" in segment) {
      spans.getOrInsertComputed(segment.field, () => []).push([text.length, text.length + part.length]);
    }
    text += part;
  }
  return { text, spans: Object.fromEntries(spans) };
}

function printField(row: Values, field: string, role: string): string {
  const { place } = row, { value, python } = fieldOf(row, field, `the ${role} template`);
  if (value === null || value === undefined) {
    throw new RequestError(
      `the field ${quote(field)} holds ${value}, which the ${role} template can't print; write it as a string`,
      place,
    );
  }
  const printed = typeof value === "string" ? value : str(python());
  return requireWellFormed(printed, `the field ${quote(field)}`, place);
}

/** The value of a field in JavaScript, and in Python, which is computed on access. */
interface FieldValue {
  readonly value: unknown;
  python(): PythonValue;
}

/**
 * A row's value by its name, or by a path, as in `choices.text` and `answers.text.0`.
 *
 * @param asking What names it, as in `the prompt template`.
 * @throws {RequestError} If the row has no such field, or its values have no text form.
 */
export function fieldOf(row: Values, field: string, asking: string): FieldValue {
  const { fields, place } = row;
  // A name with a dot in it may be a column's own.
  const path = Object.hasOwn(fields, field) ? [field] : field.split(".");
  let value: unknown = fields, within = "";
  for (const name of path) {
    const holder: object = typeof value === "object" && value !== null ? value : {};
    if (!Object.hasOwn(holder, name)) {
      const of = within === "" ? "the row" : `the row's ${quote(within)}`, names = Object.keys(holder);
      throw new RequestError(
        `${of} has no field ${quote(name)}, which ${asking} names; ${suggest(name, names)}`,
        place,
      );
    }
    value = Reflect.get(holder, name);
    if (value instanceof Untextual) {
      throw new RequestError(
        `the field ${quote(field)} holds ${value.what}, which has no text form; convert it where the file is written`,
        place,
      );
    }
    within = within === "" ? name : `${within}.${name}`;
  }
  const python = () =>
    path.reduce<PythonValue>(
      (held, name) => isList(held) ? held[Number(name)] : isDict(held) ? held.get(name) : undefined,
      pythonFields(row),
    );
  return { value, python };
}
