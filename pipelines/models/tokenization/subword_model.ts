/** The models of tokenizer.json, which encode words to ids. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { JsonObject } from "../../common/files.ts";
import { bytePair } from "./byte_pair.ts";
import { type Component, componentOf } from "./components.ts";
import { unigram } from "./unigram.ts";
import { wordLevel } from "./word_level.ts";
import { wordPiece } from "./word_piece.ts";
import type { SubwordModel } from "./vocabulary.ts";

const kinds = { BPE: bytePair, Unigram: unigram, WordLevel: wordLevel, WordPiece: wordPiece } satisfies Readonly<
  Record<string, Component<SubwordModel>>
>;

/**
 * Builds a model.
 *
 * @param declared The field `model`; the type of an old one is inferred from its fields.
 * @throws {Error} If a part of it is not supported.
 */
export function subwordModelOf(declared: JsonObject): SubwordModel {
  return componentOf("TokenizerModel", kinds, { ...declared, type: declared["type"] ?? typeOf(declared) });
}

function typeOf(declared: JsonObject): keyof typeof kinds | undefined {
  const has = (...fields: readonly string[]) => fields.every((field) => ownValue(declared, field) !== undefined);
  if (has("vocab", "merges")) return "BPE";
  if (has("vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")) return "WordPiece";
  if (Array.isArray(declared["vocab"])) return "Unigram";
  return has("vocab") ? "WordLevel" : undefined;
}
