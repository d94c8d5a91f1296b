import assert from "node:assert/strict";
import { join } from "node:path";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { assertOneLine, inFolder, sharedModel } from "../support.ts";

/** Splits words at spaces and prepends `<s>` to prompts; characters outside the vocabulary have no id. */
const tokenizerJson = {
  version: "1.0",
  added_tokens: [
    { id: 0, content: "<s>", special: true, normalized: false },
    { id: 1, content: "</s>", special: false, normalized: false },
    { id: 2, content: "<pad>", special: false, normalized: false },
  ],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
  },
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    unk_token: null,
    vocab: { "<s>": 0, "</s>": 1, "<pad>": 2, a: 3, b: 4, "Ġ": 5, "Ġb": 6, ",": 7, far: 9 },
    merges: [["Ġ", "b"]],
  },
};

async function writeJson(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, name), JSON.stringify(value));
  }
}

Deno.test("loadTokenizer() returns a tokenizer that adds special tokens only to prompts and restores text", async () => {
  await inFolder(async (folder) => {
    await writeJson(folder, {
      "tokenizer.json": tokenizerJson,
      "tokenizer_config.json": { eos_token: { content: "</s>" }, pad_token: "<pad>" },
    });
    const tokenizer = await loadTokenizer(folder);
    assert.deepEqual(tokenizer.encodePrompt("a b"), [0, 3, 6]);
    assert.deepEqual(tokenizer.encode("a b"), [3, 6]);
    assert.deepEqual(tokenizer.encodePrompt(""), [0]);
    assert.deepEqual(tokenizer.encode(""), []);
    assert.deepEqual(tokenizer.encode("azb"), [3, 4], "a character without an id is omitted");
    assert.equal(tokenizer.decode(tokenizer.encode(" a b , b ")), " a b , b ");
    assert.equal(tokenizer.decode([]), "");
    assert.equal(tokenizer.decode([0, 3, 6, 1, 2]), "<s>a b</s><pad>");
    assert.equal(tokenizer.decode([0, 3, 6, 1, 2], { skipSpecialTokens: true }), "a b");
    assert.equal(tokenizer.decode([8, 3, 999, 10]), "a", "ids outside the vocabulary are decoded as nothing");
    assert.deepEqual([tokenizer.eosTokenId, tokenizer.padTokenId, tokenizer.vocabularySize], [1, 2, 10]);
  });
});

Deno.test("loadTokenizer() cleans up spaces only if the configuration requests it", async () => {
  await inFolder(async (folder) => {
    await writeJson(folder, { "tokenizer.json": tokenizerJson, "config.json": { eos_token_id: 1 } });
    assert.equal((await loadTokenizer(folder)).decode([3, 5, 7]), "a ,");
    await writeJson(folder, { "tokenizer_config.json": { clean_up_tokenization_spaces: true } });
    assert.equal((await loadTokenizer(folder)).decode([3, 5, 7]), "a,");
  });
});

Deno.test("loadTokenizer() collects the tokens that end generation from every file", async () => {
  await inFolder(async (folder) => {
    const ends = async (files: Readonly<Record<string, unknown>>) => {
      await writeJson(folder, { "tokenizer.json": tokenizerJson, ...files });
      const { eosTokenId, eosTokenIds, padTokenId } = await loadTokenizer(folder);
      assert.equal(eosTokenId, eosTokenIds[0]);
      return [eosTokenIds, padTokenId];
    };
    assert.deepEqual(await ends({ "config.json": { eos_token_id: 4, pad_token_id: 2 } }), [[4], 2]);
    assert.deepEqual(await ends({ "generation_config.json": { eos_token_id: [1, 3] } }), [[1, 3, 4], 2]);
    assert.deepEqual(await ends({ "tokenizer_config.json": { eos_token: null } }), [[1, 3, 4], 2]);
    assert.deepEqual(await ends({ "tokenizer_config.json": { eos_token: "a" } }), [[3, 1, 4], 2]);
    assert.deepEqual(await ends({ "config.json": { pad_token_id: null } }), [[3, 1], 3]);
  });
});

Deno.test("loadTokenizer() returns another digest if a file or a token that ends generation changes", async () => {
  await inFolder(async (folder) => {
    const digests = new Set<string>();
    for (
      const files of [
        { "tokenizer.json": tokenizerJson, "config.json": { eos_token_id: 1 } },
        { "config.json": { eos_token_id: 3 } },
        { "tokenizer_config.json": {} },
        { "tokenizer.json": { ...tokenizerJson, version: "1.1" } },
      ]
    ) {
      await writeJson(folder, files);
      digests.add((await loadTokenizer(folder)).digest);
    }
    assert.equal(digests.size, 4);
    await writeJson(folder, { "config.json": { eos_token_id: 3, hidden_size: 8 } });
    assert.ok(digests.has((await loadTokenizer(folder)).digest));
  });
});

Deno.test("loadTokenizer() reports what is wrong with a folder", async () => {
  await inFolder(async (folder) => {
    const rejects = (pattern: RegExp) =>
      assert.rejects(loadTokenizer(folder), (error) => assertOneLine(error, pattern));
    await rejects(/: has no tokenizer\.json; /);
    await Deno.writeTextFile(join(folder, "tokenizer.json"), "{\n  x");
    await rejects(/tokenizer\.json:2:3: is not JSON; /);
    await writeJson(folder, { "tokenizer.json": [] });
    await rejects(/tokenizer\.json: must hold a JSON object; /);
    await writeJson(folder, { "tokenizer.json": { version: "1.0" } });
    await rejects(/tokenizer\.json: has no "model"; /);
    await writeJson(folder, { "tokenizer.json": { model: { type: "Tea leaves" } } });
    await rejects(/tokenizer\.json: can't be used \(Unknown TokenizerModel type: Tea leaves\); /);
    for (const vocab of [{ a: -1 }, { a: "1" }, { a: 0.5 }, [1, 2], null]) {
      await writeJson(folder, { "tokenizer.json": { ...tokenizerJson, model: { ...tokenizerJson.model, vocab } } });
      await rejects(
        /tokenizer\.json: (has a "vocab" that is neither tokens with ids nor a list of tokens|can't be used)/,
      );
    }
    await writeJson(folder, { "tokenizer.json": tokenizerJson });
    await rejects(/tokenizer_config\.json: names no end-of-sequence token; /);
    await Deno.writeTextFile(join(folder, "generation_config.json"), "");
    await rejects(/generation_config\.json: is not JSON; /);
  });
});

// Ids from the Rust library (tokenizers 0.20.3).
Deno.test("loadTokenizer() matches the reference's ids on stories260k and restores spaces and bytes", async () => {
  const folder = await sharedModel("stories260k");
  if (folder === undefined) return;
  const tokenizer = await loadTokenizer(folder);
  assert.deepEqual(tokenizer.encodePrompt("Once upon a time"), [1, 403, 407, 261, 378]);
  assert.deepEqual(tokenizer.encode("don't . no"), [279, 289, 439, 413, 410, 426, 297, 414]);
  assert.deepEqual(tokenizer.encodePrompt("<s>x</s> y"), [1, 1, 410, 444, 2, 410, 348]);
  assert.deepEqual([tokenizer.eosTokenId, tokenizer.padTokenId, tokenizer.vocabularySize], [2, 0, 512]);
  const text = "  two  spaces , and é 日本 🎉\n\ttab ";
  assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  assert.equal(tokenizer.decode([...tokenizer.encodePrompt(text), 2], { skipSpecialTokens: true }), text);
});

Deno.test("loadTokenizer() uses special_tokens_map.json unless the configuration lists the added tokens", async () => {
  await inFolder(async (folder) => {
    await writeJson(folder, {
      "tokenizer.json": tokenizerJson,
      "tokenizer_config.json": { eos_token: "a" },
      "special_tokens_map.json": { eos_token: { content: "</s>", lstrip: false }, additional_special_tokens: ["far"] },
    });
    const tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.eosTokenId, 1);
    assert.deepEqual([1, 9, 3].map((id) => tokenizer.isSpecial(id)), [true, true, false]);
    assert.deepEqual(tokenizer.encode("bfar"), [4, 9], "a special token is recognized anywhere in a text");
    assert.deepEqual(tokenizer.chat.specialTokens, { eos_token: "</s>", additional_special_tokens: ["far"] });
    await writeJson(folder, { "tokenizer_config.json": { eos_token: "a", added_tokens_decoder: {} } });
    assert.equal((await loadTokenizer(folder)).eosTokenId, 3);
  });
});

Deno.test("loadTokenizer() reads chat templates from a file, a list or a text", async () => {
  await inFolder(async (folder) => {
    const read = async (config: Readonly<Record<string, unknown>>) => {
      await writeJson(folder, {
        "tokenizer.json": tokenizerJson,
        "tokenizer_config.json": { eos_token: "</s>", ...config },
      });
      return Object.fromEntries((await loadTokenizer(folder)).chat.templates);
    };
    assert.deepEqual(await read({}), {});
    assert.deepEqual(await read({ chat_template: "{{ a }}" }), { default: "{{ a }}" });
    const listed = [{ name: "default", template: "1" }, { name: "tool_use", template: "2" }];
    assert.deepEqual(await read({ chat_template: listed }), { default: "1", tool_use: "2" });
    await Deno.writeTextFile(join(folder, "chat_template.jinja"), "file");
    await Deno.mkdir(join(folder, "additional_chat_templates"));
    await Deno.writeTextFile(join(folder, "additional_chat_templates", "rag.jinja"), "more");
    assert.deepEqual(await read({ chat_template: listed }), { default: "file", rag: "more" });
  });
});

Deno.test("loadTokenizer() uses the tokenizer class that a folder's files or its model type name", async () => {
  await inFolder(async (folder) => {
    const prompt = async (files: Readonly<Record<string, unknown>>) => {
      await writeJson(folder, { "tokenizer.json": { ...tokenizerJson, post_processor: null }, ...files });
      return (await loadTokenizer(folder)).encodePrompt("a");
    };
    assert.deepEqual(await prompt({ "config.json": { eos_token_id: 1 } }), [3]);
    assert.deepEqual(await prompt({ "config.json": { eos_token_id: 1, model_type: "llama" } }), [0, 3]);
    assert.deepEqual(await prompt({ "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast" } }), [3]);
    const ends = { tokenizer_class: "LlamaTokenizer", add_bos_token: false, add_eos_token: true };
    assert.deepEqual(await prompt({ "tokenizer_config.json": ends }), [3, 1]);
  });
});
