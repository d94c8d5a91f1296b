/** Words found unit by unit, compared with those of the pre-tokenizers themselves. @module */
import assert from "node:assert/strict";
import { isJsonObject, type JsonObject } from "../../../../pipelines/common/files.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";
import { encoderOf } from "../../../../pipelines/models/tokenization/encoder.ts";
import { subwordModelOf } from "../../../../pipelines/models/tokenization/subword_model.ts";
import { wordFinderOf } from "../../../../pipelines/models/tokenization/word_finders.ts";
import { type Golden, readGolden, readGzip } from "./support_tokenizers.ts";

type TokenizerFile = Readonly<Record<"model" | "normalizer" | "pre_tokenizer", JsonObject>>;

/** Text that pre-tokenizers treat specially: words of different kinds and scripts, and unusual spaces. */
const pieces = [
  ..."abst12'' \n\t!-<",
  ..."re ll ve S RE 'LL don't   \r\n \n\n 12 345 . ... ,x (a".split(" "),
  ..."▁ ▁▁ Ġ é ß Ω ж 你好 日 한 ے ١٢ ½ Ⅷ ſ 'ſ ’s — … € \u0301 \u200d \u00ad \ufeff \u001c \0 \u0085 \u2028 \u3000 \u00a0"
    .split(" "),
  " ",
  "  ",
  " a",
  " the",
  "\u3000",
];

const digits = (individual_digits: boolean) => ({ type: "Digits", individual_digits });
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const metaspace = { type: "Metaspace", replacement: "▁", split: true };

/** Pre-tokenizers of trained tokenizers, and others that replace them. */
const cases: Readonly<Record<string, readonly [trained: string, preTokenizer?: JsonObject]>> = {
  "GPT-2's": ["gpt2"],
  "digits apart": ["smollm"],
  "runs of digits": ["gpt2", { type: "Sequence", pretokenizers: [digits(false), byteLevel] }],
  "digits of GGUF": ["gpt2", {
    type: "Sequence",
    pretokenizers: [{ type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false }, byteLevel],
  }],
  "cl100k's": ["llama3"],
  "Qwen's": ["qwen2"],
  "no words, after marks": ["llama_legacy"],
  "a mark in front of the first part": ["llama"],
  "Gemma's": ["gemma"],
  "BERT's": ["bert_uncased"],
  "BERT's, with case": ["bert_cased"],
  "marks": ["xlm_roberta"],
  "marks that are not put in front": ["t5"],
  "marks in front of the first part": ["t5", { ...metaspace, prepend_scheme: "first" }],
  "marks between white space": ["xlm_roberta_old"],
  "white space": ["bert_cased", { type: "WhitespaceSplit" }],
};

for (const [name, [trained, preTokenizer]] of Object.entries(cases)) {
  Deno.test(`words found unit by unit have the ids of the pre-tokenizer's words: ${name}`, async () => {
    const map = (await readGzip("nmt_nfkc.gz")).toBase64();
    const fill = (_: string, value: unknown) => value === "nmt_nfkc" ? map : value;
    const { tokenizer } = await readGolden<Golden & { readonly tokenizer: TokenizerFile }>(trained);
    const own = preTokenizer ?? tokenizer.pre_tokenizer;
    const json: JsonObject = { ...JSON.parse(JSON.stringify(tokenizer), fill), pre_tokenizer: own };
    assert.ok(isJsonObject(json["model"]));
    const encode = () => [];
    assert.ok(wordFinderOf(own, { model: subwordModelOf(json["model"]), encodeWord: encode, encodeText: encode }));
    const added = [{ id: 1, content: "<x>", special: true, normalized: false }];
    const quick = encoderOf(json, added);
    // A nested sequence is not a known pre-tokenizer.
    const steps = own === null ? [] : [own], nested = { type: "Sequence", pretokenizers: steps };
    const plain = encoderOf({ ...json, pre_tokenizer: { type: "Sequence", pretokenizers: [nested] } }, added);
    const random = createRandom(7, "words");
    const textOf = (length: number) => {
      return Array.from({ length }, () => pieces[random.integer(pieces.length)]!).join("");
    };
    for (let round = 0; round < 400; round++) {
      const begin = textOf(1 + round % 60) + " \n".repeat(round % 3), goesOn = begin + textOf(round % 7);
      const texts = [begin, goesOn, `${goesOn}${round % 5 === 0 ? "😀 'r" : "\n e"}`, `${begin}<x>${goesOn}`, goesOn];
      for (const text of texts) assert.deepEqual(quick.encode(text), plain.encode(text), JSON.stringify(text));
    }
  });
}

Deno.test("pre-tokenizers that are unknown or only similar to known ones split words themselves", () => {
  const model = subwordModelOf({ type: "WordLevel", vocab: { a: 0 }, unk_token: "a" }), encode = () => [];
  const unknown: readonly unknown[] = [
    null,
    { ...byteLevel, add_prefix_space: true },
    { ...byteLevel, use_regex: false },
    { type: "Sequence", pretokenizers: [byteLevel, digits(true)] },
    { type: "Sequence", pretokenizers: [digits(true), digits(true), byteLevel] },
    { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, { ...metaspace, prepend_scheme: "first" }] },
    { ...metaspace, replacement: "_" },
    { ...metaspace, split: false },
    { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious" },
  ];
  for (const each of unknown) {
    assert.equal(
      wordFinderOf(each, { model, encodeWord: encode, encodeText: encode }),
      undefined,
      JSON.stringify(each),
    );
  }
});
