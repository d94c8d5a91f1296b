/** Unsupported parts of a tokenizer.json are refused by name, never encoded in another way. @module */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../../pipelines/common/files.ts";
import { decoderOf } from "../../../../pipelines/models/tokenization/decoders.ts";
import { encoderOf } from "../../../../pipelines/models/tokenization/encoder.ts";
import { normalizerOf } from "../../../../pipelines/models/tokenization/normalizers.ts";
import { preTokenizerOf } from "../../../../pipelines/models/tokenization/pre_tokenizers.ts";
import { subwordModelOf } from "../../../../pipelines/models/tokenization/subword_model.ts";

const bpe: JsonObject = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] };
const split = (Regex: string): JsonObject => ({ type: "Split", pattern: { Regex }, behavior: "Isolated" });

const refusals: readonly (readonly [make: (declared: JsonObject) => unknown, declared: JsonObject, told: RegExp])[] = [
  [normalizerOf, { type: "Nmt" }, /Unknown Normalizer type: Nmt/],
  [normalizerOf, { type: "ByteLevel" }, /Unknown Normalizer type: ByteLevel/],
  [normalizerOf, { type: "constructor" }, /Unknown Normalizer type: constructor/],
  [normalizerOf, { type: "Lowercase", locale: "tr" }, /the Normalizer Lowercase has "locale": "tr", which is not/],
  [normalizerOf, { type: "BertNormalizer", lowercase: "yes" }, /the Normalizer BertNormalizer has "lowercase": "yes"/],
  [normalizerOf, { type: "Prepend" }, /a Normalizer Prepend without "prepend"/],
  [normalizerOf, { type: "Sequence", normalizers: [{ type: "Nmt" }] }, /Unknown Normalizer type: Nmt/],
  [
    preTokenizerOf,
    { type: "Metaspace", prepend_scheme: "last" },
    /the PreTokenizer Metaspace has "prepend_scheme": "last"/,
  ],
  [preTokenizerOf, { type: "FixedLength", length: 0 }, /the PreTokenizer FixedLength has "length": 0/],
  [preTokenizerOf, split("\\Gx"), /the pattern "\\\\Gx" has \\G, which is not supported/],
  [preTokenizerOf, split("a\\X"), /has \\X, which is not supported/],
  [preTokenizerOf, split("(?~a)"), /has the group \(\?~a…, which is not supported/],
  [preTokenizerOf, split("\\p{InBasicLatin}"), /has \\p\{InBasicLatin\}, which is not supported/],
  [preTokenizerOf, split("(?<=a++)b"), /a possessive quantifier or an atomic group within a look-behind/],
  [preTokenizerOf, split("(a"), /has a group that does not end/],
  [preTokenizerOf, split("[a"), /has a \[ without its \]/],
  [decoderOf, { type: "Strip", content: " ", start: -1 }, /the Decoder Strip has "start": -1/],
  [decoderOf, { type: "DecodeStream" }, /Unknown Decoder type: DecodeStream/],
  [subwordModelOf, { ...bpe, dropout: 0.1 }, /the TokenizerModel BPE has "dropout": 0.1, which is not supported/],
  [subwordModelOf, { ...bpe, byte_fallback: 1 }, /the TokenizerModel BPE has "byte_fallback": 1/],
  [subwordModelOf, { ...bpe, cost: [1] }, /the TokenizerModel BPE has "cost": \[1\]/],
  [subwordModelOf, { ...bpe, merges: ["a c"] }, /a merge with the token "c", which "vocab" lacks/],
  [subwordModelOf, { ...bpe, merges: ["a"] }, /the merge "a", which is not two tokens/],
  [subwordModelOf, { type: "Unigram", vocab: [["a", 0]], unk_id: 1 }, /"unk_id" 1 is past the vocabulary/],
];

for (const [make, declared, told] of refusals) {
  Deno.test(`${make.name}() refuses ${JSON.stringify(declared)}`, () => assert.throws(() => make(declared), told));
}

Deno.test("an unknown field that is off is accepted", () => {
  assert.equal(normalizerOf({ type: "Lowercase", locale: null, strict: false })("A"), "a");
});

Deno.test("a character without a token, not even an unknown one, is an error", () => {
  const { encode } = encoderOf({ model: { type: "WordLevel", vocab: { a: 0 } } }, []);
  assert.deepEqual(encode("a"), [0]);
  assert.throws(() => encode("b"), /the tokenizer has no token for "b", and no unknown token/);
});
