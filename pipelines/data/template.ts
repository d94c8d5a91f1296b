import { type Place, RequestError } from "../errors.ts";

/** A template taken apart: literal text and the names of fields, in order. */
export type Segments = readonly ({ readonly text: string } | { readonly field: string })[];

/**
 * Takes a template apart.
 *
 * @param template As in `"{question}\n"`; `{{` and `}}` are literal braces.
 * @param role What the template makes, for the message: `"prompt"` or `"completion"`.
 * @throws {RequestError} If a brace is not closed or not opened, or holds no name.
 */
export function parseTemplate(template: string, role: string): Segments {
  const wrong = (problem: string) => new RequestError(`The ${role} template ${quote(template)} ${problem}`);
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
      throw wrong(`has a "}" that no "{" opens, write "}}" for a literal brace`);
    } else {
      const field = /^[^{}]*(?=\})/.exec(template.slice(at + 1))?.[0];
      if (field === undefined) throw wrong(`has a "{" that no "}" closes, write "{{" for a literal brace`);
      if (field === "") throw wrong(`has an empty "{}", name a field or write "{{}}" for literal braces`);
      if (text !== "") segments.push({ text });
      segments.push({ field });
      text = "";
      at += field.length + 1;
    }
  }
  if (text !== "") segments.push({ text });
  return segments;
}

/**
 * Puts a row's values in a template's place.
 *
 * @param place The row's, for the message.
 * @throws {RequestError} If the row lacks a field, or the field holds neither text, a number nor a boolean.
 */
export function fillTemplate(
  segments: Segments,
  row: Readonly<Record<string, unknown>>,
  role: string,
  place: Place,
): string {
  return segments.map((segment) => "text" in segment ? segment.text : printField(row, segment.field, role, place))
    .join("");
}

function printField(row: Readonly<Record<string, unknown>>, field: string, role: string, place: Place): string {
  if (!Object.hasOwn(row, field)) {
    throw new RequestError(
      `The row has no field ${quote(field)}, which the ${role} template names, ${suggest(field, Object.keys(row))}`,
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
    `The field ${quote(field)} holds ${describe(value)}, which the ${role} template can't print, write it as a string`,
    place,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number") return `the number ${value}`;
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** "did you mean …" for a near miss, then the names there are. */
function suggest(wanted: string, names: readonly string[]): string {
  if (names.length === 0) return "it has none at all";
  const shown = names.slice(0, 12).map(quote).join(", ") + (names.length > 12 ? ", …" : "");
  const distances = names.map((name) => editDistance(wanted.toLowerCase(), name.toLowerCase()));
  const least = Math.min(...distances);
  const nearest = names[distances.indexOf(least)];
  return nearest !== undefined && least <= Math.max(1, Math.floor(wanted.length / 3))
    ? `did you mean ${quote(nearest)} (it has ${shown})`
    : `use one of those it has: ${shown}`;
}

/** Levenshtein's distance: the fewest insertions, deletions and replacements that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
