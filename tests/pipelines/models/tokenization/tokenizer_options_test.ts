/** The rarer options of tokenizers compared with the Rust library and transformers, id by id. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { JsonObject } from "../../../../pipelines/common/files.ts";
import { encoderOf } from "../../../../pipelines/models/tokenization/encoder.ts";
import { preTokenizerOf } from "../../../../pipelines/models/tokenization/pre_tokenizers.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../support.ts";
import { readGolden } from "./support_tokenizers.ts";

interface Patterns {
  readonly texts: readonly string[];
  readonly cases: readonly { readonly pattern: string; readonly behavior: string; readonly parts: string[][] }[];
}

Deno.test("preTokenizerOf() splits texts at Oniguruma's patterns as the reference does", async () => {
  const { texts, cases } = await readGolden<Patterns>("../tokenizer_options/patterns");
  assert.ok(cases.length > 140);
  for (const { pattern, behavior, parts } of cases) {
    const { cut } = preTokenizerOf({ type: "Split", pattern: { Regex: pattern }, behavior, invert: false });
    const found = texts.map((text) => cut({ text, isFirst: true }).map((part) => part.text));
    found.forEach((of, at) => assert.deepEqual(of, parts[at], `${pattern} ${behavior} ${JSON.stringify(texts[at])}`));
  }
});

interface Model {
  readonly tokenizer: JsonObject & { readonly model: JsonObject };
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
}

Deno.test("encoderOf() matches the reference's ids with every option of every model", async () => {
  const cases = await readGolden<readonly Model[]>("../tokenizer_options/models");
  assert.ok(cases.length > 35);
  for (const { tokenizer, texts, ids } of cases) {
    const { vocab: _vocab, merges: _merges, ...options } = tokenizer.model;
    const { encode } = encoderOf(tokenizer, []);
    texts.forEach((text, at) => {
      assert.deepEqual(encode(text), ids[at], `${JSON.stringify(text)} by ${JSON.stringify(options)}`);
    });
  }
});

interface Folders {
  readonly texts: readonly string[];
  readonly cases: readonly {
    readonly files: Readonly<Record<string, unknown>>;
    readonly ids: readonly (readonly number[])[];
    readonly plainTexts: readonly string[];
  }[];
}

Deno.test("loadTokenizer() adds tokens as transformers does, from every file that declares some", async () => {
  const { texts, cases } = await readGolden<Folders>("../tokenizer_options/folders");
  assert.ok(cases.length > 35);
  for (const { files, ids, plainTexts } of cases) {
    const { "tokenizer.json": tokenizer, ...others } = files;
    const { added_tokens: added, normalizer } = tokenizer as JsonObject;
    await inFolder(async (folder) => {
      for (const [name, content] of Object.entries(files)) {
        await Deno.writeTextFile(join(folder, name), JSON.stringify(content));
      }
      const { encodePrompt, decode } = await loadTokenizer(folder);
      texts.forEach((text, at) => {
        const told = `${JSON.stringify(text)} by ${JSON.stringify({ added, normalizer, ...others })}`;
        const found = encodePrompt(text);
        assert.deepEqual(found, ids[at], told);
        assert.equal(decode(found, { skipSpecialTokens: true }), plainTexts[at], told);
      });
    });
  }
});
