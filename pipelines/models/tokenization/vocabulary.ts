/** The tokens of a model, and the interface of all kinds of models. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject } from "../../common/files.ts";

/** Encodes words to ids. */
export interface SubwordModel {
  /** Each token's id. */
  readonly ids: ReadonlyMap<string, number>;
  /** A word's ids. */
  encode(word: string): readonly number[];
  /**
   * Set if splitting a word before SentencePiece's marks does not change its ids, unless a mark follows one of these
   * UTF-16 units.
   */
  readonly joining?: ReadonlySet<number>;
}

/**
 * Reads a `vocab` of tokens with ids.
 *
 * @throws {Error} If it is not one.
 */
export function idsByToken(vocab: unknown): Map<string, number> {
  const fault = new Error('a "vocab" that is not tokens with ids');
  if (!isJsonObject(vocab)) throw fault;
  const ids = new Map<string, number>();
  // For a million tokens, creating a list of entries would take as long as everything else.
  for (const token of Object.keys(vocab)) {
    const id = ownValue(vocab, token);
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) throw fault;
    ids.set(token, id);
  }
  return ids;
}

const encoder = new TextEncoder();

const byteTokens: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
});

/** The ids of the tokens that stand for a text's bytes, if all of them are in the vocabulary. */
export function byteIds(text: string, ids: ReadonlyMap<string, number>): readonly number[] | undefined {
  const found: number[] = [];
  for (const byte of encoder.encode(text)) {
    const id = ids.get(byteTokens[byte]!);
    if (id === undefined) return undefined;
    found.push(id);
  }
  return found;
}

/** The error for a text that contains something without a token, in a vocabulary without an unknown token. */
export function noToken(text: string): RequestError {
  return new RequestError(
    `the tokenizer has no token for ${JSON.stringify(text)}, and no unknown token; change the text`,
  );
}
