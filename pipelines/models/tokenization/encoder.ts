/**
 * Applying a tokenizer.json: text to ids without the special tokens around it, and ids to text, as in the Rust library.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { addedTokenSplitter } from "./added_tokens.ts";
import { partedAtMarks } from "./byte_pair.ts";
import { decoderOf } from "./decoders.ts";
import { KnownWords } from "./known_words.ts";
import { normalizerOf } from "./normalizers.ts";
import { preTokenizerOf } from "./pre_tokenizers.ts";
import type { Part } from "./splitting.ts";
import { subwordModelOf } from "./subword_model.ts";
import { wordFinderOf } from "./word_finders.ts";

/** A tokenizer built from a tokenizer.json. */
export interface Encoder {
  encode(text: string): number[];
  /** @param ids Ids that are all in the vocabulary. */
  decode(ids: readonly number[]): string;
  /** A token's entry in the vocabulary. */
  tokenOf(id: number): string | undefined;
  /** The text of a token after one that has some, if it is the same beside any others; otherwise `undefined`. */
  ownText(id: number): string | undefined;
  /** A token's id. */
  idOf(token: string): number | undefined;
  /** One more than the highest id. */
  readonly size: number;
}

/**
 * Builds a tokenizer's encoder.
 *
 * @param json The content of tokenizer.json; its padding and truncation are ignored.
 * @param added Its added tokens.
 * @param splitsSpecial Whether a special token in a text is encoded like any other text.
 * @throws {Error} If a part of it is not supported.
 */
export function encoderOf(json: JsonObject, added: readonly JsonObject[], splitsSpecial = false): Encoder {
  const { model: declared } = json;
  if (!isJsonObject(declared)) throw new Error("no model");
  const model = subwordModelOf(declared);
  const addedIds = new Map<string, number>(), tokens = new Map<number, string>();
  let size = 0;
  const name = (token: string, id: number) => {
    tokens.set(id, token);
    if (id >= size) size = id + 1;
  };
  for (const [token, id] of model.ids) name(token, id);
  for (const { content, id } of added) {
    addedIds.set(String(content), Number(id));
    name(String(content), Number(id));
  }
  const split = addedTokenSplitter(added, normalizerOf(json["normalizer"]), splitsSpecial);
  const { cut, spell } = preTokenizerOf(json["pre_tokenizer"]), { decode, ownText } = decoderOf(json["decoder"]);
  const { joining } = model, encodeWord = (word: string) => model.encode(spell(word)), idsOf = remembering(encodeWord);
  const add = (word: string, found: number[]) => {
    const ids = idsOf(word);
    for (let at = 0; at < ids.length; at++) found.push(ids[at]!);
  };
  const encodePart = (part: Part, found: number[]) => {
    for (const { text } of cut(part)) {
      if (joining === undefined) add(text, found);
      else for (const word of partedAtMarks(text, joining)) add(word, found);
    }
    return found;
  };
  const finder = wordFinderOf(json["pre_tokenizer"], {
    model,
    encodeWord,
    encodeText: (text) => encodePart({ text, isFirst: false }, []),
  });
  const known = finder && new KnownWords(finder);
  // The texts of tokens by id, null for those without one, in an array, which is read faster than a map.
  const ownTexts = new Array<string | null | undefined>(Math.min(size, mostOwnTexts));
  return {
    encode(text) {
      let found: number[] | undefined;
      for (const section of split(text)) {
        const ids = "id" in section ? [section.id] : known?.encode(section) ?? encodePart(section, []);
        // Most texts have only one part.
        if (found === undefined) found = ids;
        else for (let at = 0; at < ids.length; at++) found.push(ids[at]!);
      }
      return found ?? [];
    },
    decode: (ids) => decode(ids.map((id) => tokens.get(id)!)).join(""),
    tokenOf: (id) => tokens.get(id),
    ownText(id) {
      const known = ownTexts[id];
      if (known !== undefined) return known ?? undefined;
      const token = tokens.get(id), text = token === undefined ? undefined : ownText?.(token);
      if (id < ownTexts.length) ownTexts[id] = text ?? null;
      return text;
    },
    idOf: (token) => addedIds.get(token) ?? model.ids.get(token),
    size,
  };
}

/** How many words' ids are cached, and the maximum length of these words in UTF-16 units. */
const [keptWords, keptLength] = [2 ** 16, 64];

/** How many tokens' own texts are cached; ids are beyond that only in files that skip some. */
const mostOwnTexts = 2 ** 20;

/** Caches words' ids, since most words occur again; the cache is cleared when it grows too large. */
function remembering(encode: (word: string) => readonly number[]): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const ids = encode(word);
    if (word.length > keptLength) return ids;
    if (known.size >= keptWords) known.clear();
    // Copy the word, since a slice would keep the whole text in memory.
    known.set(word.split("").join(""), ids);
    return ids;
  };
}
