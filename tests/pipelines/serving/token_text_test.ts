/** The texts of tokens with a tokenizer like Llama's, which drops the space before a text's first word. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadTokenizer, type Tokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { continuing, TokenPlaces, tokenText } from "../../../pipelines/serving/token_text.ts";
import { inFolder } from "../models/support.ts";

const pieces = [
  "<unk>",
  "<s>",
  "</s>",
  "▁the",
  "▁cat",
  "▁time",
  "s",
  "▁,",
  "<0xF0>",
  "<0x9F>",
  "<0x98>",
  "<0x80>",
  "▁",
];
const ids = (...tokens: readonly string[]) => tokens.map((token) => pieces.indexOf(token));
const smile = ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>"];

function withTokenizer(test: (tokenizer: Tokenizer) => void): Promise<void> {
  return inFolder(async (folder) => {
    const special = pieces.slice(0, 3).map((content, id) => ({ id, content, special: true }));
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    const decoders = [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      ...[{ type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 }],
    ];
    const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
    const tokenizer = {
      added_tokens: special.map((token) => ({ ...token, ...flags })),
      ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: { type: "Sequence", decoders } },
      model: { type: "BPE", vocab, merges: [], unk_token: "<unk>", byte_fallback: true, fuse_unk: true },
    };
    const config = { eos_token: "</s>", bos_token: "<s>", unk_token: "<unk>", clean_up_tokenization_spaces: false };
    await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
    await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    test(await loadTokenizer(folder, pieces.length));
  });
}

Deno.test("tokenText() keeps the space before a word", () =>
  withTokenizer((tokenizer) => {
    const texts = ids("▁the", "s", "</s>", "<0xF0>", "▁").map((id) => tokenText(tokenizer, id));
    assert.deepEqual(texts, [" the", "s", "</s>", "\ufffd", " "]);
  }));

Deno.test("continuing() decodes a text with the space before its first word", () =>
  withTokenizer((tokenizer) => {
    const { decode } = continuing(tokenizer), whole = ids("▁the", "▁cat", "s", "▁time"), all = tokenizer.decode(whole);
    for (let count = 1; count < whole.length; count++) {
      assert.equal(tokenizer.decode(whole.slice(0, count)) + decode(whole.slice(count)), all);
    }
    assert.equal(decode([]), "");
    assert.equal(decode(ids("</s>"), { skipSpecialTokens: true }), "");
    assert.equal(decode(ids("</s>", "▁the"), { skipSpecialTokens: true }), "the");
  }));

Deno.test("TokenPlaces finds tokens beside hidden ones, within characters, and as a text grows", () =>
  withTokenizer((tokenizer) => {
    const tokens = ids("<s>", "▁the", "▁cat", "s", "▁", ...smile, "▁,", "▁time", "</s>"), text = "the cats 😀, time";
    const expected = [0, 0, 3, 7, 8, 9, 9, 9, 9, 11, 12, 17];
    assert.deepEqual(new TokenPlaces(tokenizer, 0).next(tokens, text), expected);
    const places = new TokenPlaces(tokenizer, 0), ends = [...expected.slice(1), text.length];
    // While a character is incomplete, its bytes are shown as replacements.
    const grown = tokens.flatMap((token, at) =>
      places.next([token], text.slice(0, ends[at]).padEnd(ends[at]!, "\ufffd"))
    );
    assert.deepEqual(grown, expected);
  }));
