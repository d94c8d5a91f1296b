/** The stage that stores a model's activations. @module */
import assert from "node:assert/strict";
import { readHeader, readIntegers, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { inScene, type Scene } from "../../../support/scene.ts";

const imports = `import * as refract from "refract"; const { activations } = refract;`;

async function tensorsIn(scene: Scene, path: string) {
  const { tensors } = await readHeader(`${scene.folder}/${path}`);
  return {
    names: [...tensors.keys()],
    shape: (name: string) => tensors.get(name)!.shape,
    floats: (name: string) => readTensor(tensors.get(name)!),
    integers: (name: string) => readIntegers(tensors.get(name)!),
  };
}

/** A stage's record in results.json. */
async function recordOf(scene: Scene, name: string): Promise<Readonly<Record<string, unknown>>> {
  const results = JSON.parse(await Deno.readTextFile(`${scene.folder}/out/results.json`));
  return results.members[0].stages.find((stage: { name: string }) => stage.name === name);
}

Deno.test("activations of every prompt are stored, and come from the store the second time", () =>
  inScene({
    imports,
    stages: `{
      states: activations(base, { data: heldOut }),
      probe: activations(base, {
        data: heldOut,
        positions: "l1",
        sites: [embedding.output, block("all").mlp.output, block(1).attention.head(1).output],
      }),
    }`,
  }, async (scene) => {
    for (const cached of [false, true]) {
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      assert.equal((await recordOf(scene, "states"))["cached"], cached);
    }
    assert.equal((await recordOf(scene, "probe"))["tensors"], "members/main/probe.safetensors");
    const states = await tensorsIn(scene, "out/members/main/states.safetensors");
    const [rows, length] = states.shape("input_ids") as [number, number];
    assert.deepEqual(states.names.toSorted(), [
      "attention_mask",
      "hidden_states.0",
      "hidden_states.1",
      "hidden_states.2",
      "input_ids",
      "positions",
    ]);
    assert.deepEqual(states.shape("hidden_states.2"), [rows, length, 16]);
    const probe = await tensorsIn(scene, "out/members/main/probe.safetensors");
    assert.deepEqual(probe.shape("embedding.output"), [rows, 1, 16]);
    assert.deepEqual(probe.shape("block.1.mlp.output"), [rows, 1, 16]);
    assert.deepEqual(probe.shape("block.1.attention.head.1.output"), [rows, 1, 8]);
    assert.ok(!probe.names.includes("hidden_states.0"));
    const mask = await states.integers("attention_mask"),
      lengths = Array.from({ length: rows }, (_, row) => {
        return mask.slice(row * length, (row + 1) * length).reduce((sum, mark) => sum + mark);
      });
    assert.deepEqual(await probe.integers("positions"), lengths.map((count) => count - 1));
  }));

Deno.test("activations of a training are those of its edited model", () =>
  inScene({
    imports,
    at: "block(0).output",
    positions: `"l1"`,
    stages: `{ before: activations(base, { data: heldOut }), after: activations(tuned, { data: heldOut }) }`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const [before, after] = await Promise.all(["before", "after"].map((name) => {
      return tensorsIn(scene, `out/members/main/${name}.safetensors`);
    }));
    const [rows, length] = before!.shape("input_ids") as [number, number],
      mask = await before!.integers("attention_mask");
    const [old, edited] = [await before!.floats("hidden_states.1"), await after!.floats("hidden_states.1")];
    for (let row = 0; row < rows; row++) {
      const last = mask.slice(row * length, (row + 1) * length).lastIndexOf(1);
      for (let at = 0; at < length; at++) {
        const place = [(row * length + at) * 16, (row * length + at + 1) * 16] as const;
        const isSame = old.subarray(...place).every((each, index) =>
          Math.abs(each - edited.subarray(...place)[index]!) < 1e-6
        );
        assert.equal(isSame, at !== last, `row ${row}, token ${at} of ${last + 1}`);
      }
    }
  }));

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "{ data: heldOut, hiddenStates: false }", /probe keeps nothing; name sites/],
  ["positions after the prompt", `{ data: heldOut, positions: "completion" }`, /probe reads only prompts/],
  [
    "a site that the model lacks",
    "{ data: heldOut, sites: [block(1).attention.queryKeyValue] }",
    /the model has no site attention\.queryKeyValue/,
  ],
  ["a block that the model lacks", "{ data: heldOut, sites: [block(2).output] }", /block 2 does not exist/],
];

for (const [what, options, says] of refusals) {
  Deno.test(`activations of ${what} are refused`, () =>
    inScene({ imports, stages: `{ probe: activations(base, ${options}) }` }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }));
}

/** Labelled rows for a model without a head; `label` is an expression of a row's index `at`. */
const labelled = (label: string) => {
  return `refract.records(["a cat", "the dog sits", "a"].map((text, at) => ({ text, label: ${label} })), ` +
    `{ text: "{text}", label: "{label}" })`;
};

for (
  const [what, label, expected, names] of [
    ["names", `["pet", "dog", "pet"][at]`, [1, 0, 1], ["dog", "pet"]],
    ["whole numbers", `3 - at`, [3, 2, 1], undefined],
    ["numbers", `at / 2`, [0, 0.5, 1], undefined],
  ] as const
) {
  Deno.test(`activations of rows with labels that are ${what} include the labels, and need no head`, () =>
    inScene({
      imports,
      stages: `{ states: activations(base, { data: ${labelled(label)}, positions: "l1" }) }`,
    }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      const { tensors, metadata } = await readHeader(`${scene.folder}/out/members/main/states.safetensors`);
      const labels = tensors.get("labels")!;
      assert.deepEqual(labels.shape, [3]);
      const found = labels.dtype === "I64" ? await readIntegers(labels) : await readTensor(labels);
      assert.deepEqual([...found].map(Number), [...expected]);
      assert.deepEqual(metadata?.["labels"] && JSON.parse(metadata["labels"]), names);
    }));
}
