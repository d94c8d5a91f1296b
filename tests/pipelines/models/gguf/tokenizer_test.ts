import assert from "node:assert/strict";
import { join } from "node:path";
import { Metadata } from "../../../../pipelines/models/gguf/metadata.ts";
import { type GgufValue, readGguf } from "../../../../pipelines/models/gguf/reader.ts";
import { tokenizerFiles } from "../../../../pipelines/models/gguf/tokenizer.ts";
import { loadTokenizer, type Tokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../support.ts";
import { goldenPath, readGolden } from "./support.ts";

/** Texts and their ids in the original tokenizer. */
type Encoded = readonly (readonly [text: string, ids: readonly number[]])[];

const goldens = await readGolden<
  {
    readonly bpe: Encoded;
    readonly unigram: Encoded;
    readonly bert: Encoded;
    readonly byteLevel: Record<string, Encoded>;
  }
>("tokenizers.json");

async function withTokenizer(
  name: string,
  changes: Readonly<Record<string, GgufValue>>,
  test: (tokenizer: Tokenizer, files: ReturnType<typeof tokenizerFiles>) => void,
): Promise<void> {
  await inFolder(async (folder) => {
    const gguf = readGguf(goldenPath(`${name}.gguf`));
    const metadata = new Map([...gguf.metadata, ...Object.entries(changes)]);
    const files = tokenizerFiles(new Metadata({ ...gguf, metadata }));
    for (const [file, fields] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, file), JSON.stringify(fields));
    }
    test(await loadTokenizer(folder), files);
  });
}

function assertEncodes(tokenizer: Tokenizer, encoded: Encoded): void {
  for (const [text, ids] of encoded) assert.deepEqual(tokenizer.encodePrompt(text), ids, JSON.stringify(text));
}

Deno.test("a SentencePiece BPE tokenizer matches SentencePiece's ids", async () => {
  await withTokenizer("bpe", {}, (tokenizer) => {
    assertEncodes(tokenizer, goldens.bpe);
    for (const [text, ids] of goldens.bpe) assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }), text);
    assert.equal(tokenizer.eosTokenId, 2);
  });
});

Deno.test("user-defined pieces are found in texts with a prepended space, as in transformers", async () => {
  const encoded = await readGolden<Encoded>("user_pieces.json");
  await withTokenizer("user_pieces", {}, (tokenizer) => assertEncodes(tokenizer, encoded));
});

Deno.test("a SentencePiece unigram tokenizer matches SentencePiece's ids", async () => {
  await withTokenizer("unigram", {}, (tokenizer) => assertEncodes(tokenizer, goldens.unigram));
});

Deno.test("a WordPiece tokenizer matches the original's ids", async () => {
  await withTokenizer("bert", { "tokenizer.ggml.eos_token_id": 3 }, (tokenizer) => {
    assertEncodes(tokenizer, goldens.bert);
  });
});

for (const [pre, encoded] of Object.entries(goldens.byteLevel)) {
  Deno.test(`a byte-level tokenizer that splits words as ${pre} matches the original's ids`, async () => {
    await withTokenizer("byte_level", { "tokenizer.ggml.pre": pre }, (tokenizer) => assertEncodes(tokenizer, encoded));
  });
}

Deno.test("a GGUF file's special tokens, end tokens and chat template are kept", async () => {
  const changes = {
    "tokenizer.ggml.eot_token_id": 2,
    "tokenizer.ggml.padding_token_id": 2,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.chat_template": "{{ messages }}",
  };
  await withTokenizer("byte_level", changes, (tokenizer, files) => {
    const [bos, ...others] = tokenizer.encodePrompt("<|user|>a</s>");
    assert.equal(bos, 0);
    assert.deepEqual([others[0], others.at(-1)], [2, 1]);
    assert.deepEqual(tokenizer.eosTokenIds, [1, 2]);
    assert.equal(tokenizer.padTokenId, 2);
    assert.equal(files["tokenizer_config.json"]!["chat_template"], "{{ messages }}");
  });
});

Deno.test("a GGUF file's named chat templates are kept, with or without a default one", async () => {
  const named = {
    "tokenizer.chat_templates": ["tool_use", "rag"],
    "tokenizer.chat_template.tool_use": "{{ tools }}",
    "tokenizer.chat_template.rag": "{{ documents }}",
  };
  const all = [["tool_use", "{{ tools }}"], ["rag", "{{ documents }}"]];
  await withTokenizer("byte_level", named, ({ chat }) => assert.deepEqual([...chat.templates], all));
  const usual = { ...named, "tokenizer.chat_template": "{{ messages }}" };
  await withTokenizer("byte_level", usual, ({ chat }) => {
    assert.deepEqual(chat.templates, new Map([...all, ["default", "{{ messages }}"]] as [string, string][]));
  });
  await withTokenizer("byte_level", { "tokenizer.chat_template.rag": "{{ documents }}" }, ({ chat }) => {
    assert.deepEqual([...chat.templates], [["rag", "{{ documents }}"]]);
  });
});
