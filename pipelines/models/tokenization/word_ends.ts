/**
 * Finding the ends of words like the regular expressions of common pre-tokenizers. Reading units directly is several
 * times faster than matching a pattern.
 *
 * @module
 */
import { punctuation } from "./characters.ts";
import { type UnitKinds, unitKindsOf } from "./unit_kinds.ts";

/**
 * The end of the word that begins at a place.
 *
 * @param units UTF-16 units without surrogate pairs.
 * @param length The number of units that belong to the text, more than `start`.
 */
export type EndOfWord = (units: Uint16Array, start: number, length: number) => number;

const [blank, quote, lineFeed, carriageReturn] = [0x20, 0x27, 0x0a, 0x0d];

/** Kinds of characters; all others are symbols. */
const [letter, number, space] = [1, 2, 3];

let known: UnitKinds | undefined;
/** Created when the first tokenizer needs them. */
const plainKinds = () => known ??= unitKindsOf(/\p{L}/gu, /\p{N}/gu, /\p{White_Space}/gu);

/** How digits are split: as in GPT-2, or beforehand, either each digit or each run of digits. */
export type DigitWords = "with blanks" | "each" | "runs";

/** GPT-2's words: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. */
export function gpt2Words(digits: DigitWords): EndOfWord {
  const kinds = plainKinds(), isApart = digits !== "with blanks";
  return (units, start, length) => {
    const unit = units[start]!;
    let kind = kinds[unit]!, end = start + 1;
    if (unit === quote) {
      const after = contractionEnd(units, start, length, asIs);
      if (after > start) return after;
    }
    if (kind === number && digits === "each") return end;
    if (unit === blank && end < length) {
      const next = kinds[units[end]!]!;
      if (next !== space && !(next === number && isApart)) {
        kind = next;
        end++;
      }
    }
    while (end < length && kinds[units[end]!] === kind) end++;
    // The last of several spaces belongs to the next word, unless digits were split off beforehand.
    const isCut = kind === space && end - start > 1 && end < length && !(isApart && kinds[units[end]!] === number);
    return isCut ? end - 1 : end;
  };
}

/**
 * The words of cl100k, of Llama 3 and of Qwen: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|`
 * ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
 *
 * @param mostDigits The maximum number of digits in a word.
 */
export function cl100kWords(mostDigits: number): EndOfWord {
  const kinds = plainKinds();
  return (units, start, length) => {
    const unit = units[start]!, kind = kinds[unit]!;
    if (unit === quote) {
      const after = contractionEnd(units, start, length, lowerCase);
      if (after > start) return after;
    }
    let end = start + 1;
    const next = end < length ? kinds[units[end]!]! : space;
    if (kind === letter || (next === letter && kind !== number && !isNewline(unit))) {
      while (end < length && kinds[units[end]!] === letter) end++;
      return end;
    }
    if (kind === number) {
      while (end < length && end - start < mostDigits && kinds[units[end]!] === number) end++;
      return end;
    }
    if (kind !== space || (unit === blank && isSymbol(next))) {
      while (end < length && isSymbol(kinds[units[end]!]!)) end++;
      while (end < length && isNewline(units[end]!)) end++;
      return end;
    }
    let afterNewline = isNewline(unit) ? end : start;
    for (; end < length && kinds[units[end]!] === space; end++) {
      if (isNewline(units[end]!)) afterNewline = end + 1;
    }
    if (afterNewline > start) return afterNewline;
    return end < length && end - start > 1 ? end - 1 : end;
  };
}

/**
 * BERT's words: each punctuation mark is a word, and other words are separated by white space, which is removed later.
 */
export function bertWords(): EndOfWord {
  const kinds = unitKindsOf(/\p{White_Space}/gu, punctuation), [, mark] = [1, 2];
  return (units, start, length) => {
    const kind = kinds[units[start]!]!;
    let end = start + 1;
    if (kind !== mark) { while (end < length && kinds[units[end]!] === kind) end++; }
    return end;
  };
}

/** Words separated by white space, which is removed later. */
export function spacedWords(): EndOfWord {
  const kinds = plainKinds();
  return (units, start, length) => {
    const isSpace = kinds[units[start]!] === space;
    let end = start + 1;
    while (end < length && (kinds[units[end]!] === space) === isSpace) end++;
    return end;
  };
}

/**
 * Words that begin with SentencePiece's mark for a space.
 *
 * @param joining The units after which a mark does not begin a word.
 */
export function markedWords(mark: number, joining: ReadonlySet<number> = new Set()): EndOfWord {
  const joins = new Uint8Array(2 ** 16);
  for (const unit of joining) joins[unit] = 1;
  return (units, start, length) => {
    let end = start + 1;
    while (end < length && (units[end] !== mark || joins[units[end - 1]!] === 1)) end++;
    return end;
  };
}

const isSymbol = (kind: number) => kind === 0;

const isNewline = (unit: number) => unit === lineFeed || unit === carriageReturn;

const asIs = (unit: number) => unit;

/** A letter in lower case, as far as contractions need it; the long s counts as s. */
const lowerCase = (unit: number) => unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit === 0x17f ? 0x73 : unit;

const [d, e, l, m, r, s, t, v] = Array.from("delmrstv", (character) => character.charCodeAt(0));

/** The end of the contraction that begins with the apostrophe at a place; the place itself if there is none. */
function contractionEnd(units: Uint16Array, start: number, length: number, fold: (unit: number) => number): number {
  const first = start + 1 < length ? fold(units[start + 1]!) : quote;
  if (first === s || first === t || first === m || first === d) return start + 2;
  const second = start + 2 < length ? fold(units[start + 2]!) : quote;
  return (second === e && (first === r || first === v)) || (second === l && first === l) ? start + 3 : start;
}
