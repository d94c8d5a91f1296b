import assert from "node:assert/strict";
import { baseDropoutFeeds } from "../../../../../pipelines/compile/rows/base_dropout.ts";
import { tinyT5Config } from "../../../../support/tiny_t5.ts";
import { inScene, type PipelineParts } from "../../../../support/scene.ts";
import { assertClose, evaluationOf, resultsOf, trainingOf } from "../../../../pipelines/schedule/support.ts";

const model = {
  width: 6,
  blocks: 2,
  inputs: {},
  sites: { "mlp.activation": { width: 9 } },
  heads: { heads: 2, keyValueHeads: 1, headWidth: 3 },
  dropout: { "embedding": 0.5, "attention.weights": 0.25, "attention.output": 0, "classifier.hidden": 0.5 },
};
const drawn = (rows: readonly number[], tail: readonly number[], step = 0) =>
  baseDropoutFeeds(model, { seed: 42, step, rows, tail, virtual: 1 });
const shapesOf = (feeds: ReturnType<typeof drawn>) =>
  Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
const numbersOf = (feeds: ReturnType<typeof drawn>, name: string) => [...feeds[name]!.data].map(Number);

Deno.test("the base's dropout has a factor for each place with a rate, of each block where it is in blocks", () => {
  const feeds = drawn([3, 5], [4, 2]);
  assert.deepEqual(shapesOf(feeds), {
    "baseDropout.embedding": [2, 4, 6],
    "baseDropout.0.attention.weights": [2, 1, 8, 5],
    "baseDropout.1.attention.weights": [2, 1, 8, 5],
    "baseDropout.classifier.hidden": [2, 6],
  });
  const weights = numbersOf(feeds, "baseDropout.0.attention.weights");
  assert.ok(weights.every((factor) => [0, 1, Math.fround(4 / 3)].includes(factor)));
  assert.notDeepEqual(weights, numbersOf(feeds, "baseDropout.1.attention.weights"));
});

Deno.test("the base's dropout draws for a row by step and row, not by its neighbours nor by what it is padded to", () => {
  const [alone, beside] = [drawn([5], [2]), drawn([3, 5], [4, 2])];
  const embedded = numbersOf(alone, "baseDropout.embedding");
  assert.deepEqual(embedded, numbersOf(beside, "baseDropout.embedding").slice(4 * 6, 6 * 6));
  assert.ok(
    numbersOf(beside, "baseDropout.embedding").slice(6 * 6).every((factor) => factor === 1),
    "padding is whole",
  );
  const scores = numbersOf(beside, "baseDropout.1.attention.weights").slice(8 * 5);
  const own = [0, 1].flatMap((head) => [0, 1].map((query) => scores.slice((head * 4 + query) * 5).slice(0, 3)));
  assert.deepEqual(numbersOf(alone, "baseDropout.1.attention.weights"), own.flat());
  assert.notDeepEqual(embedded, numbersOf(drawn([5], [2], 1), "baseDropout.embedding"));
});

Deno.test("the base's dropout draws for both stacks of a model of two, for tokens of the prompt and of the answer", () => {
  const places = { "attention.weights": 0.5, "mlp.activation": 0.5 };
  const encoder = { ...model, blocks: 1, dropout: { ...places, "finalNorm.output": 0.5 } };
  const decoder = { ...model, encoder, blocks: 1, dropout: { ...places, "crossAttention.weights": 0.5 } };
  const of = (rows: readonly number[], context: readonly number[], tail: readonly number[]) =>
    baseDropoutFeeds(decoder, { seed: 42, step: 0, rows, tail, context, virtual: 0 });
  const feeds = of([3, 5], [5, 2], [1, 3]), alone = of([5], [2], [3]);
  assert.deepEqual(shapesOf(feeds), {
    "baseDropout.encoder.0.attention.weights": [2, 1, 10, 5],
    "baseDropout.encoder.0.mlp.activation": [2, 5, 9],
    "baseDropout.encoder.finalNorm.output": [2, 5, 6],
    "baseDropout.decoder.0.attention.weights": [2, 1, 6, 3],
    "baseDropout.decoder.0.mlp.activation": [2, 3, 9],
    "baseDropout.decoder.0.crossAttention.weights": [2, 1, 6, 5],
  });
  const crossed = numbersOf(feeds, "baseDropout.decoder.0.crossAttention.weights").slice(6 * 5);
  const own = [...Array(6).keys()].flatMap((query) => crossed.slice(query * 5).slice(0, 2));
  assert.deepEqual(numbersOf(alone, "baseDropout.decoder.0.crossAttention.weights"), own);
  assert.notDeepEqual(
    numbersOf(feeds, "baseDropout.encoder.0.mlp.activation").slice(0, 9),
    numbersOf(feeds, "baseDropout.decoder.0.mlp.activation").slice(0, 9),
  );
});

const gpt2 = { model_type: "gpt2", n_embd: 16, n_layer: 2, n_head: 2, n_positions: 256, embd_pdrop: 0.2 };
const bert = {
  model_type: "bert",
  hidden_size: 16,
  num_attention_heads: 2,
  num_key_value_heads: undefined,
  max_position_embeddings: 256,
};
const rows = `records([
  { text: "Who lives in the little town", label: "asks" }, { text: "It is", label: "tells" },
  { text: "Where is the dog", label: "asks" }, { text: "Water", label: "tells" }], { text: "{text}", label: "{label}" })`;
const stages = "{ tuned: evaluate(tuned, { data: heldOut, metrics: [loss()] }) }";
const cases: Readonly<Record<string, [config: Readonly<Record<string, unknown>>, Partial<PipelineParts>]>> = {
  "GPT-2": [gpt2, {}],
  "an encoder with a head": [bert, {
    data: rows,
    heldOut: rows,
    positions: `"f1"`,
    edit: "...((options) => [loreft(options), refract.classification({ labels: ['tells', 'asks'] })])",
  }],
  "T5, whose frozen encoder drops too,": [tinyT5Config, {
    imports: `import * as refract from "refract";\nimport { decoder } from "refract";`,
    at: "decoder.block(1).output",
    positions: `"all"`,
  }],
};

for (const [name, [config, parts]] of Object.entries(cases)) {
  const found = async (settings: string, more: Partial<PipelineParts> = {}) => {
    let made: { losses: readonly number[]; loss: number } | undefined;
    const all = { stages, ...parts, batchSize: "8", epochs: "4", heldOut: parts.heldOut ?? "rows", ...more };
    await inScene({ ...all, trainSettings: settings }, async (scene) => {
      const { members: [member] } = await resultsOf(scene);
      made = { losses: trainingOf(member!).losses, loss: evaluationOf(member!).metrics["loss"]! };
    }, { config });
    return made!;
  };

  Deno.test(`the dropout of ${name} acts in training alone, repeats, and accumulates as in one batch`, async () => {
    const still = { optimizer: "adamw({ learningRate: 0 })" };
    const plain = await found("", still), dropped = await found("baseDropout: true", still);
    assert.equal(dropped.loss, plain.loss);
    assert.equal(new Set(dropped.losses).size, 4, "each step drops others");
    assert.ok(Math.abs(dropped.losses[0]! / plain.losses[0]! - 1) > 1e-4);
    const trained = await found("baseDropout: true");
    assert.deepEqual((await found("baseDropout: true")).losses, trained.losses);
    const parted = await found("baseDropout: true, gradientAccumulation: 4", { batchSize: "2" });
    assertClose(parted.losses, trained.losses, 1e-5);
    assert.notDeepEqual((await found("baseDropout: false", still)).losses, dropped.losses);
  });
}

Deno.test("dropout is refused of a family of which none is known, and of a config that has none", async () => {
  const none = { ...gpt2, embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 };
  for (
    const [config, says] of [
      [{}, /baseDropout is not supported for the family llama; omit it, or give the edits their own dropout/],
      [none, /baseDropout uses the rates in config\.json, which are all 0; omit it, or raise them there/],
    ] as const
  ) {
    await inScene({ trainSettings: "baseDropout: true" }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2);
      assert.match(stderr, says);
    }, { config });
  }
});

Deno.test("members of a sweep whose base drops get the losses that each gets alone", async () => {
  const parts = {
    imports: `import * as refract from "refract";\nimport { decoder } from "refract";`,
    at: "decoder.block(1).output",
    positions: `"all"`,
    rank: `sweep("rank", [1, 2])`,
    trainSettings: "baseDropout: true",
    stages: "{ tuned }",
  };
  await inScene(parts, async (scene) => {
    const { members } = await resultsOf(scene);
    const alone = await scene.run("--set", "rank=2", "--store", scene.path("other"), "--json");
    const { members: [only] } = JSON.parse(alone.stdout);
    assert.deepEqual(trainingOf(members[1]!).losses, trainingOf(only).losses);
  }, { config: tinyT5Config });
});
