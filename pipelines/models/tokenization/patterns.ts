/** The patterns of tokenizer.json: a text, or an Oniguruma regular expression. @module */
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { anything, requireFields, text } from "./components.ts";
import { oniguruma } from "./oniguruma.ts";

/**
 * The compiled, global pattern of a `Replace` or `Split`.
 *
 * @throws {Error} If it has no pattern, or an unsupported one.
 */
export function regExpOf({ type, pattern }: JsonObject): RegExp {
  const { Regex, String, ...others } = isJsonObject(pattern) ? pattern : {};
  requireFields(`pattern of ${type}`, {}, others);
  if (typeof Regex === "string") return oniguruma(Regex);
  if (typeof String === "string") return new RegExp(RegExp.escape(String), "gu");
  throw new Error(`a ${type} without a pattern`);
}

/** A match's place in a text. */
interface Match {
  readonly start: number;
  readonly end: number;
}

/** The matches of a pattern. An empty match may be anywhere except at the end of the previous match. */
export function matchesOf(within: string, pattern: RegExp): Match[] {
  const found: Match[] = [];
  let last = -1;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(within); match !== null; match = pattern.exec(within)) {
    const start = match.index, end = start + match[0].length;
    if (start === end) {
      pattern.lastIndex += within.codePointAt(end)! > 0xffff ? 2 : 1;
      // V8 also finds such matches between the halves of a surrogate pair.
      if (end === last || isWithinCharacter(within, end)) continue;
    }
    found.push({ start, end });
    last = end;
  }
  return found;
}

function isWithinCharacter(text: string, at: number): boolean {
  return at > 0 && text.codePointAt(at - 1)! > 0xffff;
}

/**
 * The function that applies a `Replace`.
 *
 * @throws {Error} Like {@linkcode regExpOf}.
 */
export function replacing(declared: JsonObject): (text: string) => string {
  const pattern = regExpOf(declared), content = String(declared["content"]);
  const { String: plain } = isJsonObject(declared["pattern"]) ? declared["pattern"] : {};
  if (typeof plain === "string" && plain !== "") {
    return (within) => {
      const parts = within.split(plain);
      requireGrowth(within, (parts.length - 1) * (content.length - plain.length));
      return parts.join(content);
    };
  }
  return (within) => {
    const matches = matchesOf(within, pattern);
    if (matches.length === 0) return within;
    requireGrowth(within, matches.length * content.length);
    let replaced = "", at = 0;
    for (const { start, end } of matches) {
      replaced += within.slice(at, start) + content;
      at = end;
    }
    return replaced + within.slice(at);
  };
}

/** The limits on the growth of a text: as a multiple of its length, and in characters. */
const [mostTimes, mostMore] = [32, 100_000];

function requireGrowth(from: string, more: number): void {
  if (more <= mostTimes * from.length + mostMore) return;
  throw new RequestError(
    `the tokenizer lengthens a text of ${from.length} characters by ${more}; choose a model with another tokenizer`,
  );
}

/**
 * Returns a normalized text.
 *
 * @throws {RequestError} If it grew more than with any real tokenizer: a few replacements could exhaust memory.
 */
export function requireGrown(from: string, text: string): string {
  requireGrowth(from, text.length - from.length);
  return text;
}

/** The fields of a `Replace`. */
export const replaceFields = { pattern: anything, content: text } as const;
