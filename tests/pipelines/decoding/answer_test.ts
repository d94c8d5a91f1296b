import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerOf, taughtAnswer } from "../../../pipelines/decoding/answer.ts";
import { loadTokenizer, type Tokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../models/support.ts";

const builtin = fileURLToPath(new URL("../../../pipelines/models/builtin/tiny/", import.meta.url));

/** The tokenizer of builtin:tiny, with spaces cleaned up or not. */
function withTokenizer(cleanUp: boolean, test: (tokenizer: Tokenizer) => void): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.copyFile(join(builtin, "tokenizer.json"), join(folder, "tokenizer.json"));
    const config = JSON.parse(await Deno.readTextFile(join(builtin, "tokenizer_config.json")));
    const changed = { ...config, clean_up_tokenization_spaces: cleanUp };
    await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(changed));
    test(await loadTokenizer(folder));
  });
}

const stops: Readonly<
  Record<string, readonly [written: string, stop: readonly string[], expected: string | undefined]>
> = {
  "a special token": ["a cat<|pad|>user: and", ["<|pad|>"], "a cat"],
  "a part of a special token": ["a cat<|pad|>user: and", ["pad|>"], "a cat"],
  "a special token and more": ["a cat<|pad|>user: and", ["<|pad|>user"], "a cat"],
  "a text over several tokens": ["a cat and a dogs house", ["nd a do"], "a cat a"],
  "a text within a token": ["a cat and a dog", ["og"], "a cat and a d"],
  "a text over a special token that is not shown": ["a cat<|pad|>user", ["catuser"], "a "],
  "the first of two": ["a cat and a dog", ["dog", "and"], "a cat "],
  "a text with a character of several bytes": ["a cät ist", ["ät"], "a c"],
  "none that occurs": ["a cat and a dog", ["bird", "<|end|>"], undefined],
};

for (const [what, [written, stop, expected]] of Object.entries(stops)) {
  Deno.test(`an answer is cut before its first stop text: ${what}`, () =>
    withTokenizer(false, (tokenizer) => {
      const ids = tokenizer.encode(written), { text, isStopped } = answerOf(stop, tokenizer, ids);
      assert.deepEqual(
        [text, isStopped],
        expected === undefined ? [tokenizer.decode(ids, { skipSpecialTokens: true }), false] : [expected, true],
      );
      // It is found with the token that completes it.
      const ends = ids.findIndex((_, at) => answerOf(stop, tokenizer, ids.slice(0, at + 1)).isStopped);
      if (expected !== undefined) assert.equal(answerOf(stop, tokenizer, ids.slice(0, ends + 1)).text, expected);
    }));
}

Deno.test("a stop text is found as it is shown and as it was generated if spaces are cleaned up", () =>
  withTokenizer(true, (tokenizer) => {
    const ids = tokenizer.encode("a cat , it 's a dog , no");
    const cut = (stop: string) => answerOf([stop], tokenizer, ids).text;
    assert.equal(answerOf([], tokenizer, ids).text, "a cat, it's a dog, no");
    assert.equal(cut("it's"), "a cat, ");
    assert.equal(cut("it 's"), "a cat, ");
    assert.equal(cut(" , no"), "a cat, it's a dog");
    assert.equal(cut(", no"), "a cat, it's a dog");
  }));

Deno.test("a completion whose tokens decode to another text is reported", () =>
  withTokenizer(true, (tokenizer) => {
    const taught = (text: string) => taughtAnswer(text, tokenizer, [...tokenizer.encode(text), tokenizer.eosTokenId]);
    assert.equal(taught("a cat"), undefined);
    assert.equal(taught("a cat , so"), "a cat, so");
    assert.equal(taught("a cat<|pad|>so"), "a catso");
    assert.equal(taught("<|pad|>"), undefined, "no answer equals an empty text");
  }));
