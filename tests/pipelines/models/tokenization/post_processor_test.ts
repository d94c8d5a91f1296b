import assert from "node:assert/strict";
import {
  addedTokens,
  assemble,
  longestFirst,
  postProcessorOf,
} from "../../../../pipelines/models/tokenization/post_processor.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { assertOneLine, inFolder } from "../support.ts";

const [cls, sep] = [["[CLS]", 1], ["[SEP]", 2]];
const piece = (kind: string, id: string, type_id: number) => ({ [kind]: { id, type_id } });
const template = {
  type: "TemplateProcessing",
  single: [piece("SpecialToken", "[CLS]", 0), piece("Sequence", "A", 0)],
  pair: [
    piece("SpecialToken", "[CLS]", 0),
    piece("Sequence", "A", 0),
    piece("SpecialToken", "[CLS]", 1),
    piece("Sequence", "B", 1),
  ],
  special_tokens: { "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] } },
};

// Ids and types from the Rust library (tokenizers 0.22.2).
for (
  const [name, declared, pair, single] of [
    ["nothing", null, { ids: [3, 4, 5, 6, 7], typeIds: [0, 0, 0, 1, 1] }, [3, 4, 5]],
    ["ByteLevel", { type: "ByteLevel" }, { ids: [3, 4, 5, 6, 7], typeIds: [0, 0, 0, 1, 1] }, [3, 4, 5]],
    [
      "BertProcessing",
      { type: "BertProcessing", sep, cls },
      { ids: [1, 3, 4, 5, 2, 6, 7, 2], typeIds: [0, 0, 0, 0, 0, 1, 1, 1] },
      [1, 3, 4, 5, 2],
    ],
    [
      "RobertaProcessing",
      { type: "RobertaProcessing", sep, cls },
      { ids: [1, 3, 4, 5, 2, 2, 6, 7, 2], typeIds: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
      [1, 3, 4, 5, 2],
    ],
    [
      "a template within a Sequence",
      { type: "Sequence", processors: [{ type: "ByteLevel" }, template] },
      { ids: [1, 3, 4, 5, 1, 6, 7], typeIds: [0, 0, 0, 0, 1, 1, 1] },
      [1, 3, 4, 5],
    ],
  ] as const
) {
  Deno.test(`postProcessorOf() adds the reference's tokens and types around texts with ${name}`, () => {
    const lowered = postProcessorOf(declared, "tokenizer.json");
    assert.deepEqual(assemble(lowered.pair, [3, 4, 5], [6, 7]), pair);
    assert.deepEqual(assemble(lowered.single, [3, 4, 5], []).ids, single);
    assert.equal(addedTokens(lowered.pair), pair.ids.length - 5);
  });
}

Deno.test("postProcessorOf() reports what it does not support", () => {
  for (
    const [declared, pattern] of [
      [{ type: "Tea leaves" }, /tokenizer\.json: has a post_processor of the kind "Tea leaves"; /],
      [[], /that is not an object; /],
      [{ type: "BertProcessing", sep }, /without a "cls"; /],
      [{ ...template, pair: undefined }, /without a "pair"; /],
      [
        { ...template, special_tokens: {} },
        /a part in "single" that is neither a sequence nor a known special token; /,
      ],
      [{ type: "Sequence", processors: [template, template] }, /that adds special tokens twice; /],
    ] as const
  ) {
    assert.throws(() => postProcessorOf(declared, "tokenizer.json"), (error) => assertOneLine(error, pattern));
  }
});

// Lengths from the Rust library (tokenizers 0.22.2).
Deno.test("longestFirst() truncates the longer text first, then both evenly", () => {
  assert.deepEqual(longestFirst(3, 2, 5), [3, 2]);
  assert.deepEqual(longestFirst(3, 2, 4), [2, 2]);
  assert.deepEqual(longestFirst(3, 2, 3), [2, 1]);
  assert.deepEqual(longestFirst(2, 3, 3), [1, 2]);
  assert.deepEqual(longestFirst(3, 3, 5), [2, 3]);
  assert.deepEqual(longestFirst(6, 2, 1), [1, 0]);
  assert.deepEqual(longestFirst(1, 6, 1), [0, 1]);
  assert.deepEqual(longestFirst(1, 6, 4), [1, 3]);
  assert.deepEqual(longestFirst(6, 0, 2), [2, 0]);
  assert.deepEqual(longestFirst(6, 2, 0), [0, 0]);
});

Deno.test("encodePair() returns a pair's ids and types, truncated to a length", async () => {
  await inFolder(async (folder) => {
    const vocab = { "[UNK]": 0, "[CLS]": 1, "[SEP]": 2, a: 3, b: 4, c: 5, d: 6, e: 7 };
    const json = {
      added_tokens: [],
      normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: { type: "BertProcessing", sep, cls },
      model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", vocab },
      // Both are ignored: the caller determines truncation and padding.
      truncation: { direction: "Right", max_length: 4, strategy: "LongestFirst", stride: 0 },
      padding: { strategy: { Fixed: 32 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[UNK]" },
    };
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(json));
    await Deno.writeTextFile(`${folder}/tokenizer_config.json`, `{ "sep_token": "[SEP]" }`);
    const { encodePair, encodePrompt, eosTokenIds } = await loadTokenizer(folder);
    assert.deepEqual(eosTokenIds, [2], "the separator, where no other token ends a text");
    assert.deepEqual(encodePair("a b c", "D e"), { ids: [1, 3, 4, 5, 2, 6, 7, 2], typeIds: [0, 0, 0, 0, 0, 1, 1, 1] });
    assert.deepEqual(encodePair("a b c", "d e", 6), { ids: [1, 3, 4, 2, 6, 2], typeIds: [0, 0, 0, 0, 1, 1] });
    // As transformers truncates them with truncation_side="left".
    assert.deepEqual(encodePair("a b c", "d e", 6, "left").ids, [1, 4, 5, 2, 7, 2]);
    assert.deepEqual(encodePair("a b c d e", undefined, 5, "left").ids, [1, 5, 6, 7, 2]);
    assert.deepEqual(encodePair("a b c", "d e", 3), { ids: [1, 2, 2], typeIds: [0, 0, 1] });
    assert.deepEqual(encodePair("a b c", undefined, 4), { ids: [1, 3, 4, 2], typeIds: [0, 0, 0, 0] });
    assert.deepEqual(encodePair("a b", "").ids, encodePrompt("a b"));
    assert.throws(
      () => encodePair("a", "b", 2),
      (error) => assertOneLine(error, /from the 3 special ones on but found 2/),
    );
  });
});
