import { ownValue } from "../../../ops/program/own_value.ts";
import type { JsonObject } from "../../common/files.ts";
import type { Metadata } from "./metadata.ts";
import { preTokenizers, usualPreTokenizers } from "./pre_tokenizers.ts";
import type { TokenizerParts } from "./tokenizer_parts.ts";
import { addedTokens, idsByToken, type Vocabulary } from "./vocabulary.ts";

/**
 * The tokenizer.json of a byte-level BPE tokenizer: `tokenizer.ggml.model` is `gpt2`.
 *
 * @throws {RequestError} If there are no merges, or the pre-tokenizer is not known.
 */
export function byteLevel(metadata: Metadata, vocabulary: Vocabulary): TokenizerParts {
  const name = preTokenizerName(metadata);
  const pre = ownValue(preTokenizers, name);
  if (pre === undefined) {
    throw metadata.error(
      `the tokenizer.ggml.pre ${JSON.stringify(name)} is not supported; known are ${
        Object.keys(preTokenizers).join(", ")
      }`,
    );
  }
  return {
    addsBos: pre.addsBos === true,
    addsEos: false,
    json: {
      added_tokens: addedTokens(vocabulary),
      normalizer: pre.isComposed ? { type: "NFC" } : null,
      pre_tokenizer: { type: "Sequence", pretokenizers: pre.steps },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: pre.ignoresMerges === true,
        vocab: idsByToken(vocabulary.tokens),
        merges: mergesOf(metadata, new Set(vocabulary.tokens)),
      } satisfies JsonObject,
    },
  };
}

function preTokenizerName(metadata: Metadata): string {
  const key = "tokenizer.ggml.pre";
  if (metadata.raw(key) !== undefined) return metadata.text(key);
  const usual = ownValue(usualPreTokenizers, metadata.architecture);
  if (usual !== undefined) return usual;
  throw metadata.error(
    `the metadata key ${key} is missing, so that texts can't be split into words; convert the model again`,
  );
}

/**
 * A merge is two tokens separated by a space, which byte-level tokens never contain. Merges of or to no token are
 * dropped.
 */
function mergesOf(metadata: Metadata, tokens: ReadonlySet<string>): readonly (readonly string[])[] {
  return metadata.texts("tokenizer.ggml.merges").flatMap((merge) => {
    const space = merge.indexOf(" ", 1), pair = [merge.slice(0, space), merge.slice(space + 1)];
    if (space > 0 && pair[1] !== "" && !pair[1]!.includes(" ")) {
      return [...pair, pair.join("")].every((token) => tokens.has(token)) ? [pair] : [];
    }
    throw metadata.error(`has the merge ${JSON.stringify(merge)}, which is not two tokens; convert the model again`);
  });
}
