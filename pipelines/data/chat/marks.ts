/**
 * Where a template says that the assistant writes: transformers' `{% generation %}` blocks, as marks in the text that are
 * taken out again.
 *
 * @module
 */
import type { Span } from "../../common/span.ts";

/** The names of the marks within a template. */
export const markNames = ["__generation_begins__", "__generation_ends__"] as const;

/** Noncharacters, which texts seldom have. */
const noncharacters = Array.from({ length: 32 }, (_, at) => String.fromCharCode(0xfdd0 + at));

/**
 * Characters that a text does not have.
 *
 * @throws {Error} If it has too many of those that stand for nothing.
 */
export function charactersNotIn(text: string, count: number): string[] {
  const free = noncharacters.filter((character) => !text.includes(character)).slice(0, count);
  if (free.length === count) return free;
  throw new Error("the text has all of Unicode's noncharacters, one of which is needed to find the assistant's turns");
}

/** The tags as blocks of plain Jinja that leave marks, and the same spaces around them. */
export function withMarks(template: string): string {
  const tag = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g, [begins, ends] = markNames;
  return template.replace(tag, (_, left: string, end: string | undefined, right: string) => {
    return `{%${left} if true %}{{ ${end === undefined ? begins : ends} }}{% endif ${right}%}`;
  });
}

/** A text with marks without them, and where they were. */
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
