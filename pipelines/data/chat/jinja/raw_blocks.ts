/**
 * `{% raw %}` blocks, which the library's parser does not support. The content of one becomes a string expression in
 * which no character has a meaning to the parser, and white space around its tags is handled as in Jinja.
 *
 * @module
 */

/**
 * The start of something other than text: a comment, or a tag with the sign that controls the white space before it.
 */
const opening = /\{(?:#|([%{])([-+]?))/g;
const rawTag = /\{%([-+]?)\s*raw\s*(?:-%\}\s*|%\})/y;
const endTag = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
/** A tag up to its end, which does not occur in its strings. */
const tags: Readonly<Record<"%" | "{", RegExp>> = {
  "%": /\{%(?:'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|[^'"])*?%\}/y,
  "{": /\{\{(?:'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|[^'"])*?\}\}/y,
};

/**
 * A template without raw blocks that renders the same. Lines end in `\n`; blocks trim the end and the start of their
 * line.
 *
 * @throws {Error} If a block has no end.
 */
export function withoutRawBlocks(template: string): string {
  let written = "", done = 0;
  for (let found; (found = matchFrom(opening, template, done)) !== null;) {
    const begins = matchFrom(rawTag, template, found.index);
    if (begins === null) {
      const end = endOf(template, found.index, found[1]);
      written += template.slice(done, end);
      done = end;
      continue;
    }
    const start = begins.index + begins[0].length, ends = matchFrom(endTag, template, start);
    if (ends === null) throw new Error("a raw block has no endraw");
    const isLineStart = done === 0 || template[done - 1] === "\n";
    written += stripped(template.slice(done, begins.index), begins[1], isLineStart);
    written += quoted(stripped(template.slice(start, ends.index), ends[1], begins[0].endsWith("\n")));
    done = ends.index + ends[0].length;
  }
  return written + template.slice(done);
}

function matchFrom(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Where a comment or a tag ends; an unterminated one is left for the parser to reject. */
function endOf(template: string, start: number, kind: string | undefined): number {
  if (kind === "%" || kind === "{") {
    const tag = matchFrom(tags[kind], template, start);
    return tag === null ? template.length : start + tag[0].length;
  }
  const end = template.indexOf("#}", start + 2);
  return end < 0 ? template.length : end + 2;
}

/**
 * The text before a tag after white space control: leading spaces of the tag's line are removed, and with a minus all
 * white space.
 */
function stripped(text: string, sign: string | undefined, isLineStart: boolean): string {
  if (sign === "-") return text.trimEnd();
  if (sign === "+") return text;
  const line = text.lastIndexOf("\n") + 1;
  return (line > 0 || isLineStart) && text.slice(line).trim() === "" ? text.slice(0, line) : text;
}

/** A string expression that contains only letters, digits, spaces and escapes. */
function quoted(text: string): string {
  const escaped = text.replace(/[^\w ]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `{{ "${escaped}" }}`;
}
