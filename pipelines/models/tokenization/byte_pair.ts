import { among, anything, type Component, flag, optionalText } from "./components.ts";
import { mergeQueued, type Merges, mergeShort, mergesOf, shortWord } from "./merges.ts";
import { byteIds, idsByToken, noToken, type SubwordModel } from "./vocabulary.ts";

/** SentencePiece's character for a space. */
export const mark = "▁";

/**
 * Byte-pair encoding: a word's characters, whose neighbours are merged one pair after the other, in the merges' order.
 */
export const bytePair: Component<SubwordModel> = {
  fields: {
    vocab: anything,
    merges: anything,
    // Randomly dropped merges are for training language models, and would make ids differ between runs.
    dropout: among(null, undefined, 0),
    unk_token: optionalText,
    continuing_subword_prefix: optionalText,
    end_of_word_suffix: optionalText,
    fuse_unk: flag,
    byte_fallback: flag,
    ignore_merges: flag,
  },
  make(declared) {
    const ids = idsByToken(declared["vocab"]);
    const { unk_token: unknown, fuse_unk: fuses, byte_fallback: fallsBack, ignore_merges: isWholeFirst } = declared;
    const prefix = String(declared["continuing_subword_prefix"] ?? "");
    const suffix = String(declared["end_of_word_suffix"] ?? "");
    const merges = mergesOf(declared["merges"], ids, prefix);
    const unknownId = (text: string) => {
      const id = ids.get(String(unknown));
      if (id === undefined) throw noToken(text);
      return id;
    };
    /** The initial ids of a word, before any merges. */
    const symbolsOf = (word: string): number[] => {
      const symbols: number[] = [];
      let pending: number | undefined;
      for (let at = 0; at < word.length;) {
        const width = word.codePointAt(at)! > 0xffff ? 2 : 1, isFirst = at === 0;
        const character = word.slice(at, at += width);
        const text = (isFirst ? "" : prefix) + character + (at === word.length ? suffix : "");
        const id = ids.get(text);
        if (id !== undefined) {
          if (pending !== undefined) symbols.push(pending);
          pending = undefined;
          symbols.push(id);
          continue;
        }
        const bytes = fallsBack === true ? byteIds(text, ids) : undefined;
        // As in the Rust library, an unknown token comes after the bytes of the text that follows it.
        if (bytes !== undefined) symbols.push(...bytes);
        else if (unknown !== null && unknown !== undefined) {
          if (pending !== undefined && fuses !== true) symbols.push(pending);
          pending = unknownId(character);
        }
      }
      if (pending !== undefined) symbols.push(pending);
      return symbols;
    };
    const encode = (word: string): readonly number[] => {
      const whole = isWholeFirst === true ? ids.get(word) : undefined;
      if (whole !== undefined) return [whole];
      const symbols = symbolsOf(word);
      return symbols.length <= shortWord ? mergeShort(symbols, merges) : mergeQueued(symbols, merges);
    };
    const isPlain = prefix === "" && suffix === "" && isWholeFirst !== true && ids.has(mark);
    return isPlain ? { ids, encode, joining: joiningUnits(ids, merges) } : { ids, encode };
  },
};

/** The UTF-16 units after which a merge may extend across a mark. */
function joiningUnits(ids: ReadonlyMap<string, number>, merges: Merges): ReadonlySet<number> {
  const made = new Set(merges.ids), joining = new Set([mark.charCodeAt(0)]);
  for (const [token, id] of ids) {
    if (!made.has(id)) continue;
    for (let at = token.indexOf(mark, 1); at !== -1; at = token.indexOf(mark, at + 1)) {
      joining.add(token.charCodeAt(at - 1));
    }
  }
  return joining;
}

/** Splits a text before marks, except where a merge may extend across one. */
export function partedAtMarks(text: string, joining: ReadonlySet<number>): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = text.indexOf(mark, 1); at !== -1; at = text.indexOf(mark, at + 1)) {
    if (joining.has(text.charCodeAt(at - 1))) continue;
    parts.push(text.slice(start, at));
    start = at;
  }
  parts.push(text.slice(start));
  return parts;
}
