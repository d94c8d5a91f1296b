/** Subword models compared with Hugging Face's JavaScript library on tens of thousands of random words. @module */
import assert from "node:assert/strict";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { createRandom } from "../../../../pipelines/data/random.ts";
import type { JsonObject } from "../../../../pipelines/common/files.ts";
import { partedAtMarks } from "../../../../pipelines/models/tokenization/byte_pair.ts";
import { subwordModelOf } from "../../../../pipelines/models/tokenization/subword_model.ts";
import { mergeQueued, mergeShort, mergesOf } from "../../../../pipelines/models/tokenization/merges.ts";
import { type Golden, readGolden } from "./support_tokenizers.ts";

/** Random words of a vocabulary's characters and tokens: short, long and repetitive. */
function* randomWords(tokens: readonly string[], count: number): Iterable<string> {
  const { integer } = createRandom(3, "words");
  const characters = [
    ...new Set(tokens.filter((token) => !/^<.*>$/.test(token)).flatMap((token) => Array.from(token))),
  ];
  const picks = [() => characters[integer(characters.length)]!, () => tokens[integer(tokens.length)]!];
  for (let at = 0; at < count; at++) {
    const length = at % 50 === 0 ? 200 : 1 + integer(12), pick = picks[at % 2]!;
    yield at % 25 === 0 ? pick().repeat(length) : Array.from({ length }, pick).join("");
  }
}

for (const name of ["gpt2", "llama3", "o200k", "llama", "gemma", "bert_uncased"]) {
  Deno.test(`subwordModelOf() matches the library's ids for 5,000 words: ${name}`, async () => {
    const { model } =
      (await readGolden<Golden & { readonly tokenizer: { readonly model: JsonObject } }>(name)).tokenizer;
    const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
    const library = new Library({ ...parts, model }, { unk_token: model["unk_token"] }).model!;
    const { encode, ids, joining } = subwordModelOf(model);
    const isKnown = (word: string) => Array.from(word).every((character) => ids.has(character));
    let compared = 0;
    for (const word of randomWords([...ids.keys()], 5000)) {
      // The library encodes characters that a vocabulary lacks differently from the reference.
      if (word === "" || !isKnown(word)) continue;
      const expected = library([word]).map((token) => ids.get(token)!);
      assert.deepEqual(encode(word), expected, JSON.stringify(word));
      if (joining !== undefined) {
        assert.deepEqual(partedAtMarks(word, joining).flatMap(encode), expected, JSON.stringify(word));
      }
      compared++;
    }
    assert.ok(compared > 2500, `${compared} words`);
  });
}

Deno.test("mergeQueued() agrees with mergeShort()", () => {
  const random = createRandom(5, "merges"), ids = new Map<string, number>();
  const tokens = ["a", "b", "c", "aa", "ab", "ba", "aab", "abab", "ca", "aaaa", "cab", "bb"];
  tokens.forEach((token, id) => ids.set(token, id));
  const pairs = ["a b", "aa b", "b a", "a a", "ab ab", "c a", "aa aa", "ca b", "b b", "a ab", "c ab"];
  const merges = mergesOf(pairs, ids, "");
  for (let count = 0; count < 20_000; count++) {
    const symbols = Array.from({ length: count % 40 }, () => random.integer(3));
    assert.deepEqual(mergeQueued(symbols, merges), mergeShort([...symbols], merges), symbols.join());
  }
});
