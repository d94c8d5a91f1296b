/**
 * A model's tokenizer.json, tokenizer_config.json and generation_config.json, from a GGUF file's metadata.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { JsonObject } from "../../common/files.ts";
import { byteLevel } from "./byte_level.ts";
import type { Metadata } from "./metadata.ts";
import type { TokenizerParts } from "./tokenizer_parts.ts";
import { scoredBpe, unigram } from "./sentence_piece.ts";
import { readVocabulary, type SpecialToken, surrounding, type Vocabulary } from "./vocabulary.ts";
import { wordPiece } from "./word_piece.ts";

const kinds: Readonly<Record<string, (metadata: Metadata, vocabulary: Vocabulary) => TokenizerParts>> = {
  gpt2: byteLevel,
  llama: scoredBpe,
  t5: unigram,
  bert: wordPiece,
};

/**
 * The tokenizer's files, by name.
 *
 * @throws {RequestError} If the kind of tokenizer is not known, or a metadata key is missing.
 */
export function tokenizerFiles(metadata: Metadata): Readonly<Record<string, JsonObject>> {
  const kind = metadata.text("tokenizer.ggml.model");
  const make = ownValue(kinds, kind);
  if (make === undefined) {
    throw metadata.error(
      `the tokenizer.ggml.model ${JSON.stringify(kind)} is not supported; known are ${Object.keys(kinds).join(", ")}`,
    );
  }
  const vocabulary = readVocabulary(metadata), { special } = vocabulary;
  const { json, addsBos, addsEos, first, last } = make(metadata, vocabulary);
  const add = (role: "bos" | "eos", usual: boolean, token: SpecialToken | undefined) => {
    return token !== undefined && metadata.flag(`tokenizer.ggml.add_${role}_token`, usual) ? token : undefined;
  };
  const before = add("bos", addsBos, first ?? special.bos), after = add("eos", addsEos, last ?? special.eos);
  const named = Object.entries(special).map(([role, { text }]) => [`${role}_token`, text]);
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      ...json,
      post_processor: surrounding(before, after),
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      ...Object.fromEntries(named),
      add_bos_token: before !== undefined,
      add_eos_token: after !== undefined,
      model_max_length: metadata.count(".context_length"),
      clean_up_tokenization_spaces: false,
      ...chatTemplates(metadata),
    },
    "generation_config.json": generation(metadata, vocabulary),
  };
}

/** The default template, and others by the names listed in `tokenizer.chat_templates`, such as `tool_use`. */
function chatTemplates(metadata: Metadata): JsonObject {
  const named = metadata.keys().flatMap((key) => {
    const name = /^tokenizer\.chat_template(?:\.(.+))?$/s.exec(key), template = metadata.raw(key);
    return name === null || typeof template !== "string" ? [] : [{ name: name[1] ?? "default", template }];
  });
  const [first, ...others] = named;
  if (first === undefined) return {};
  return { chat_template: first.name === "default" && others.length === 0 ? first.template : named };
}

/** An answer may end with the end-of-turn token as well as the end-of-sequence token. */
function generation(metadata: Metadata, { special }: Vocabulary): JsonObject {
  const ends = ["eot", "eom"].flatMap((role) => {
    const key = `tokenizer.ggml.${role}_token_id`;
    return metadata.raw(key) === undefined ? [] : [metadata.number(key)];
  });
  const eos = [...new Set([...special.eos === undefined ? [] : [special.eos.id], ...ends])];
  return {
    ...special.bos === undefined ? {} : { bos_token_id: special.bos.id },
    ...eos.length === 0 ? {} : { eos_token_id: eos.length === 1 ? eos[0]! : eos },
    ...special.pad === undefined ? {} : { pad_token_id: special.pad.id },
  };
}
