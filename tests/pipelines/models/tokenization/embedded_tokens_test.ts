/** Tokenizers with tokens past their model's embedding. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { inScene } from "../../../support/scene.ts";
import { evaluationOf, resultsOf } from "../../schedule/support.ts";
import { assertOneLine, inFolder } from "../support.ts";

const around = (single: readonly string[]) => ({
  type: "TemplateProcessing",
  single: [...single.map((id) => ({ SpecialToken: { id, type_id: 0 } })), { Sequence: { id: "A", type_id: 0 } }],
  pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 0 } }],
  special_tokens: { "<end>": { id: "<end>", ids: [3], tokens: ["<end>"] } },
});
const tokenizerJson = (single: readonly string[]) => ({
  added_tokens: [{ id: 3, content: "<end>", special: true }, { id: 4, content: "<image>", special: true }],
  post_processor: around(single),
  model: { type: "BPE", vocab: { a: 0, b: 1, c: 2 }, merges: [] },
});

/** A tokenizer of three letters and two added tokens, for an embedding with the given number of rows. */
async function loaded(rows: number, config: Readonly<Record<string, unknown>>, single: readonly string[] = []) {
  let found: Awaited<ReturnType<typeof loadTokenizer>> | undefined;
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizerJson(single)));
    await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    found = await loadTokenizer(folder, rows);
  });
  return found!;
}

const image = /^the token "<image>" has the id 4, but the model's embedding only has rows for the ids up to 3; remove /;

Deno.test("only texts with a token past the embedding are refused", async () => {
  const { encode, encodePrompt, encodePair, decode } = await loaded(4, { eos_token: "<end>" });
  for (const text of ["abc", "a<end>", ""]) assert.deepEqual(encodePrompt(text), encode(text));
  for (
    const read of [
      () => encode("a<image>"),
      () => encodePrompt("<image>b"),
      () => encodePair("<image>", undefined),
      () => encodePair("a", "b<image>", 3),
    ]
  ) assert.throws(read, (error) => assertOneLine(error, image));
  // Truncated tokens are checked, too.
  assert.throws(() => encodePair("abc<image>", undefined, 2), (error) => assertOneLine(error, image));
  assert.equal(decode([0, 4]), "a <image>");
  const { encode: all } = await loaded(5, { eos_token: "<end>" });
  assert.deepEqual(all("a<image>"), [0, 4]);
});

Deno.test("special tokens past the embedding are refused where they are used", async () => {
  const end = /^the token "<end>" has the id 3, .*up to 2;/;
  const fine = await loaded(3, { eos_token: "c", pad_token: "<end>" });
  assert.equal(fine.padTokenId, 2, "batches are padded with a token that the model can read");
  assert.equal(fine.eosTokenId, 2);
  const ended = await loaded(3, { eos_token: "<end>" });
  assert.deepEqual(ended.encode("ab"), [0, 1]);
  assert.throws(() => ended.eosTokenId, (error) => assertOneLine(error, end));
  const begun = await loaded(3, { eos_token: "c" }, ["<end>"]);
  assert.deepEqual(begun.encode("ab"), [0, 1]);
  assert.throws(() => begun.encodePrompt("ab"), (error) => assertOneLine(error, end));
});

/** Adds a token without a row in the embedding to the tiny model's tokenizer. */
async function addToken(path: (...parts: string[]) => string): Promise<void> {
  const file = path("model", "tokenizer.json"), json = JSON.parse(await Deno.readTextFile(file));
  json.added_tokens.push({ id: 512, content: "[PAD]", special: true, normalized: false });
  await Deno.writeTextFile(file, JSON.stringify(json));
  const configFile = path("model", "tokenizer_config.json"), config = JSON.parse(await Deno.readTextFile(configFile));
  await Deno.writeTextFile(configFile, JSON.stringify({ ...config, pad_token: "[PAD]" }));
}

Deno.test("a model whose tokenizer has more tokens than its embedding trains and answers as it does without them", () =>
  inScene({}, async (scene) => {
    const before = evaluationOf((await resultsOf(scene)).members[0]!);
    await addToken((...parts) => scene.path(...parts));
    const after = evaluationOf((await resultsOf(scene)).members[0]!);
    assert.deepEqual(after.metrics, before.metrics);
  }));

for (
  const [what, parts, place] of [
    ["a prompt", {
      preamble: 'const own = records([{ q: "a" }, { q: "b [PAD]" }], { prompt: "{q}", completion: "c" });',
    }, /records:2/],
    [
      "a completion",
      { preamble: 'const own = records([{ q: "a" }], { prompt: "{q}", completion: "[PAD]" });' },
      /records:1/,
    ],
    ["a choice", { decoding: 'choices(["a", "[PAD]"])', metrics: "[accuracy()]" }, /rows\.jsonl:1/],
    ["a stop", { decoding: 'greedy({ maxNewTokens: 3, stop: ["b", "[PAD]"] })' }, /pipeline\.ts:\d+:\d+/],
  ] as const
) {
  Deno.test(`a token past the embedding is refused in ${what}`, () =>
    inScene({ heldOut: "rows.take(4)", ...parts, ...("preamble" in parts ? { data: "own" } : {}) }, async (scene) => {
      await addToken((...names) => scene.path(...names));
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr, new RegExp(`${place.source}: the token "\\[PAD\\]" has the id 512, `));
      assert.match(stderr, /; remove the token from the text, or use a model whose embedding was resized for it\n$/);
    }));
}
