/**
 * A tokenizer.json at work: text to ids without the special tokens around it, and ids to text. The library's models and
 * its reading of Oniguruma's patterns, between parts of this folder that follow the Rust library to the letter.
 *
 * @module
 */
import { Tokenizer as Library, type Unigram } from "@huggingface/tokenizers";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { addedTokenSplitter } from "./added_tokens.ts";
import { decoderOf } from "./decoders.ts";
import { normalizerOf } from "./normalizers.ts";
import { preTokenizerOf } from "./pre_tokenizers.ts";

/** What a tokenizer.json does. */
export interface Encoder {
  encode(text: string): number[];
  /** @param ids All of them in the vocabulary. */
  decode(ids: readonly number[]): string;
  /** A token's text. */
  tokenOf(id: number): string | undefined;
  /** A token's id. */
  idOf(token: string): number | undefined;
  /** One more than the highest id. */
  readonly size: number;
}

/**
 * Builds a tokenizer's encoder.
 *
 * @param json The content of tokenizer.json; its padding and truncation are not heeded.
 * @param added Its added tokens.
 * @throws {Error} With what is not supported of it.
 */
export function encoderOf(json: JsonObject, added: readonly JsonObject[]): Encoder {
  const { model: declared } = json;
  if (!isJsonObject(declared)) throw new Error("no model");
  const model = modelOf(declared);
  const ids = new Map(model.tokens_to_ids), tokens = new Map<number, string>();
  for (const [token, id] of ids) tokens.set(id, token);
  for (const { content, id } of added) {
    ids.set(String(content), Number(id));
    tokens.set(Number(id), String(content));
  }
  const split = addedTokenSplitter(added, normalizerOf(json["normalizer"]));
  const preTokenize = preTokenizerOf(json["pre_tokenizer"]), decode = decoderOf(json["decoder"]);
  const idsOf = tokenIds(declared, model), known = knownCharacters(declared, model);
  return {
    encode(text) {
      return split(text).flatMap((section) => {
        if ("id" in section) return [section.id];
        return model(preTokenize(section).map((part) => known(part.text))).flatMap(idsOf);
      });
    },
    decode: (ids) => decode(ids.map((id) => tokens.get(id)!)).join(""),
    tokenOf: (id) => tokens.get(id),
    idOf: (token) => ids.get(token),
    size: 1 + tokens.keys().reduce((highest, id) => Math.max(highest, id), -1),
  };
}

type Model = NonNullable<Library["model"]>;

function modelOf(declared: JsonObject): Model {
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  const { model } = new Library({ ...parts, model: declared }, { unk_token: declared["unk_token"] });
  if (model === null) throw new Error("no model");
  if (declared["type"] === "Unigram" || Array.isArray(declared["vocab"])) restoreUnknown(model as Unigram, declared);
  return model;
}

/** The library forgets the score of the unknown token's own text, which may be written. */
function restoreUnknown(model: Unigram, { vocab, unk_id: id }: JsonObject): void {
  const entry: unknown = Array.isArray(vocab) && typeof id === "number" ? vocab[id] : undefined;
  if (Array.isArray(entry) && typeof id === "number") model.scores[id] = Number(entry[1]);
}

/**
 * Characters without a token are omitted before the rest is merged: those that a BPE vocabulary without an
 * unknown token lacks.
 */
function knownCharacters(declared: JsonObject, { tokens_to_ids: ids }: Model): (text: string) => string {
  const { type, merges, unk_token: unknown, continuing_subword_prefix: prefix, end_of_word_suffix: suffix } = declared;
  const isPlain = (type ?? "BPE") === "BPE" && merges !== undefined && !prefix && !suffix;
  if (!isPlain || (unknown !== null && unknown !== undefined)) return (text) => text;
  const isKnown = (character: string) => {
    return ids.has(character) ||
      (declared["byte_fallback"] === true && bytesOf(character).every((byte) => ids.has(byte)));
  };
  return (text) => {
    const characters = Array.from(text);
    return characters.every(isKnown) ? text : characters.filter(isKnown).join("");
  };
}

/** A token's id; where the vocabulary lacks it, its bytes' or the unknown token's, or none. */
function tokenIds(declared: JsonObject, { tokens_to_ids: ids, unk_token_id: unknown }: Model) {
  const fallsBack = declared["byte_fallback"] === true;
  return (token: string): number[] => {
    const id = ids.get(token);
    if (id !== undefined) return [id];
    const bytes = fallsBack ? bytesOf(token).map((byte) => ids.get(byte)) : [undefined];
    if (bytes.every((byte) => byte !== undefined)) return bytes;
    return unknown === undefined || unknown === null ? [] : [unknown];
  };
}

/** The tokens of the bytes of a text. */
function bytesOf(text: string): string[] {
  return Array.from(new TextEncoder().encode(text), (byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
}
