import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { convertedFolder } from "../../../../pipelines/models/gguf/folder.ts";
import { tensorNames } from "../../../../pipelines/models/gguf/names.ts";
import { planConversion } from "../../../../pipelines/models/gguf/plan.ts";
import { readGguf } from "../../../../pipelines/models/gguf/reader.ts";
import { openModel, openModelWeights } from "../../../../pipelines/models/open/model.ts";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { inFolder } from "../support.ts";
import { goldenPath, readGolden } from "./support.ts";

/** The output of make_gguf.py for a model. */
interface Golden {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, string>>;
}

/** Fields that transformers derives itself or leaves to the tokenizer's files. */
const left = new Set([
  "attention_dropout",
  "pretraining_tp",
  "pad_token_id",
  "cache_implementation",
  "layer_types",
  "max_window_layers",
  "use_bidirectional_attention",
  "_sliding_window_pattern",
]);

/** Other names of the same config fields. */
const aliases: Readonly<Record<string, string>> = {
  n_embd: "hidden_size",
  n_layer: "num_hidden_layers",
  n_head: "num_attention_heads",
  n_positions: "max_position_embeddings",
};

const goldens = await readGolden<Readonly<Record<string, Golden>>>("architectures.json");

Deno.test("there is a golden of each supported architecture", () => {
  assert.deepEqual(Object.keys(goldens).sort(), Object.keys(tensorNames).sort());
});

for (const [architecture, golden] of Object.entries(goldens)) {
  Deno.test(`a GGUF file of ${architecture} is converted back to transformers' model`, async () => {
    await inFolder(async (store) => {
      const folder = await convertedFolder(goldenPath(`${architecture}.gguf`), store, { weights: true });
      const config = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
      for (const [name, value] of Object.entries(golden.config)) {
        if (left.has(name) || !(name in config) || (value === null && name !== "rope_scaling")) continue;
        if (name === "rope_scaling" && value !== null) assertContains(config[name], value);
        else assert.deepEqual(config[name], value, name);
      }
      for (const [name, same] of Object.entries(aliases)) if (name in config) assert.equal(config[name], config[same]);
      const { tensors } = await readHeader(join(folder, "model.safetensors"));
      assert.deepEqual([...tensors.keys()].sort(), Object.keys(golden.tensors).sort());
      const isNear = architecture.startsWith("gemma");
      for (const [name, digest] of Object.entries(golden.tensors)) {
        // Adding 1 to these weights lost bits that can't be restored.
        if (isNear && name.includes("norm")) continue;
        const data = await readTensor(tensors.get(name)!);
        assert.equal(createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex").slice(0, 16), digest, name);
      }
    });
  });
}

for (const architecture of Object.keys(goldens)) {
  Deno.test(`a GGUF file of ${architecture} opens with all weights that its architecture requires`, async () => {
    await inFolder(async (store) => {
      const model = await openModel(goldenPath(`${architecture}.gguf`), { base: store, store });
      const weights = await openModelWeights(model, join(store, "weights.json"));
      for (const name of model.architecture.weights.keys()) assert.equal(weights.storedType(name), "float32");
    });
  });
}

Deno.test("a Gemma 2 file without caps and windows uses the family's defaults", () => {
  const gguf = readGguf(goldenPath("gemma2.gguf"));
  const metadata = new Map([...gguf.metadata].filter(([key]) => !/softcapping|sliding_window/.test(key)));
  const { config } = planConversion({ ...gguf, metadata });
  for (const name of ["attn_logit_softcapping", "final_logit_softcapping", "sliding_window"]) {
    assert.ok(!(name in config), name);
  }
});

Deno.test("the 1 that was added to Gemma's norms is subtracted", async () => {
  await inFolder(async (store) => {
    const file = goldenPath("gemma.gguf"), source = readGguf(file).tensors.get("output_norm.weight")!;
    const folder = await convertedFolder(file, store, { weights: true });
    const { tensors } = await readHeader(join(folder, "model.safetensors"));
    const stored = new Float32Array((await Deno.readFile(file)).buffer.slice(source.offset), 0, source.bytes / 4);
    assert.deepEqual(await readTensor(tensors.get("model.norm.weight")!), stored.map((number) => number - 1));
  });
});

function assertContains(found: unknown, expected: unknown): void {
  assert.ok(typeof expected === "object" && expected !== null && typeof found === "object" && found !== null);
  const fields = found as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(fields[name], value, name);
}
