/**
 * Finds the text that a template marks as the assistant's: transformers' `{% generation %}` blocks become marks in the
 * text, which are then removed.
 *
 * @module
 */
import type { Span } from "../../common/span.ts";

/** The names of the marks within a template. */
export const markNames = ["__generation_begins__", "__generation_ends__"] as const;

/** Noncharacters, which texts seldom contain. */
const noncharacters = Array.from({ length: 32 }, (_, at) => String.fromCharCode(0xfdd0 + at));

/**
 * Characters that a text does not contain.
 *
 * @throws {Error} If it contains too many of the noncharacters.
 */
export function charactersNotIn(text: string, count: number): string[] {
  const free = noncharacters.filter((character) => !text.includes(character)).slice(0, count);
  if (free.length === count) return free;
  throw new Error("the text has all of Unicode's noncharacters, one of which is needed to find the assistant's turns");
}

/** Replaces the tags with blocks of plain Jinja that leave marks, with the same white space control. */
export function withMarks(template: string): string {
  const tag = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g, [begins, ends] = markNames;
  return template.replace(tag, (_, left: string, end: string | undefined, right: string) => {
    return `{%${left} if true %}{{ ${end === undefined ? begins : ends} }}{% endif ${right}%}`;
  });
}

/** A marked text without its marks, and where they were. */
export function unmarked(marked: string, [opening, closing]: readonly string[]): { text: string; marked: Span[] } {
  const spans: Span[] = [];
  let text = "", start = 0;
  for (const part of marked.split(new RegExp(`(${opening}|${closing})`))) {
    if (part === opening) start = text.length;
    else if (part === closing) spans.push([start, text.length]);
    else text += part;
  }
  return { text, marked: spans };
}
