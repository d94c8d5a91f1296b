/**
 * The tokens that are matched in a text before the rest of it is encoded: special tokens and others that were added to
 * a vocabulary.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import type { Normalize } from "./normalizers.ts";
import type { Part } from "./splitting.ts";

/** An added token, or a part of the text between such tokens. */
type Section = { readonly id: number } | Part;

interface AddedToken {
  readonly id: number;
  readonly isText: boolean;
  readonly isSingleWord: boolean;
  readonly takesLeft: boolean;
  readonly takesRight: boolean;
}

const word = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/**
 * Splits texts at added tokens: first at those that are matched in the original text, then, after normalizing the rest,
 * at the others.
 *
 * @param declared The field `added_tokens` of a tokenizer.json.
 * @param splitsSpecial Whether special tokens are encoded as text; they still hide tokens that they overlap.
 */
export function addedTokenSplitter(
  declared: readonly JsonObject[],
  normalize: Normalize,
  splitsSpecial = false,
): (text: string) => Section[] {
  const [asWritten, normalized] = [new Map<string, AddedToken>(), new Map<string, AddedToken>()];
  for (const { content, id, ...flags } of declared) {
    const isNormalized = flags["normalized"] ?? flags["special"] !== true;
    const text = isNormalized ? normalize(String(content)) : String(content);
    const tokens = isNormalized ? normalized : asWritten;
    // Of two tokens with the same text, the first one is matched.
    if (text === "" || tokens.has(text)) continue;
    tokens.set(text, {
      id: Number(id),
      isText: splitsSpecial && flags["special"] === true,
      isSingleWord: flags["single_word"] === true,
      takesLeft: flags["lstrip"] === true,
      takesRight: flags["rstrip"] === true,
    });
  }
  const [splitWritten, splitNormalized] = [matcher(asWritten), matcher(normalized)];
  return (text) => {
    const written = splitWritten({ text, isFirst: true }), [first] = written;
    // Most texts have no such token.
    if (written.length === 1 && first !== undefined && !("id" in first)) {
      return splitNormalized({ text: normalize(first.text), isFirst: true });
    }
    return written.flatMap((section) => {
      return "id" in section ? [section] : splitNormalized({ ...section, text: normalize(section.text) });
    });
  };
}

/** Whether a word extends beyond either end. */
function isWithinWord(text: string, start: number, end: number): boolean {
  // Not a pattern with `$`, since V8 does not match characters beyond 16 bits before it.
  const neighbours = [Array.from(text.slice(0, start).slice(-2)).at(-1), Array.from(text.slice(end, end + 2))[0]];
  return neighbours.some((character) => character !== undefined && word.test(character));
}

/** Matches tokens; of those that begin at the same index, the longest is taken. */
function matcher(tokens: ReadonlyMap<string, AddedToken>): (part: Part) => Section[] {
  if (tokens.size === 0) return (part) => part.text === "" ? [] : [part];
  const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((content) => RegExp.escape(content)).join("|"), "gu");
  // Most texts contain no character that a token begins with, which is quick to check if there are few such characters.
  const firsts = [...new Set(longestFirst.map((content) => content.charAt(0)))];
  const hasNone = (text: string) => firsts.length <= 4 && !firsts.some((first) => text.includes(first));
  return (part) => {
    if (hasNone(part.text)) return part.text === "" ? [] : [part];
    const { text, isFirst } = part, sections: Section[] = [];
    let end = 0;
    const keep = (to: number) => {
      if (to > end) sections.push({ text: text.slice(end, to), isFirst: isFirst && end === 0 });
    };
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = tokens.get(content)!, after = index + content.length;
      if (token.isText) continue;
      if (token.isSingleWord && isWithinWord(text, index, after)) continue;
      keep(token.takesLeft ? text.slice(0, index).replace(/\p{White_Space}+$/u, "").length : index);
      sections.push({ id: token.id });
      const taken = token.takesRight ? /^\p{White_Space}*/u.exec(text.slice(after))![0].length : 0;
      end = Math.max(end, after + taken);
    }
    keep(text.length);
    return sections;
  };
}
