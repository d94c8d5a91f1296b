/**
 * Opening a 1 GB model whose digest is cached: its weights are mapped, not read.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { emitOnnx } from "../../ops/emission/emit.ts";
import { decodeProgram } from "../../pipelines/compile/programs/inference_programs.ts";
import { writeAll } from "../../pipelines/common/files.ts";
import { openModel, openModelWeights } from "../../pipelines/models/open/model.ts";
import { Runtime } from "../../pipelines/runtime/runtime.ts";
import { tinyConfig, writeTinyModel } from "../support/tiny_model.ts";

/** Twenty blocks of 25 million parameters each. */
const config = {
  hidden_size: 1408,
  intermediate_size: 4864,
  num_hidden_layers: 20,
  num_attention_heads: 22,
  num_key_value_heads: 11,
  head_dim: 64,
};

/** Writes the weights that the folder's config.json asks for, in bfloat16, by repeating 16 MB of small numbers. */
async function writeWeights(folder: string): Promise<number> {
  const { architecture } = await openModel(folder, { base: folder });
  let size = 0;
  const entries = [...architecture.weights].map(([name, shape]) => {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1);
    return [name, { dtype: "BF16", shape, data_offsets: [size, size += bytes] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const numbers = Uint16Array.from({ length: 2 ** 23 }, () => 0x3c00 + Math.random() * 0x100);
  using file = await Deno.open(join(folder, "model.safetensors"), { write: true, createNew: true });
  await writeAll(file, new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer));
  await writeAll(file, header);
  const block = new Uint8Array(numbers.buffer);
  for (let left = size; left > 0; left -= block.length) await writeAll(file, block.subarray(0, left));
  return size;
}

Deno.test("a model of 1 GB opens within 0.2 seconds", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyModel(folder, { config: { ...tinyConfig, ...config }, weights: false });
    const size = await writeWeights(folder), digests = join(folder, "digests.json");
    assert.ok(size >= 1e9);
    const model = await openModel(folder, { base: folder });
    await openModelWeights(model, digests);
    using runtime = new Runtime({ threads: 2 });
    const seconds = { weights: Infinity, session: Infinity };
    const least = (part: keyof typeof seconds, start: number) => {
      seconds[part] = Math.min(seconds[part], (performance.now() - start) / 1000);
    };
    for (let turn = 0; turn < 3; turn++) {
      const start = performance.now(), weights = await openModelWeights(model, digests);
      least("weights", start);
      const { architecture } = model, { storedType, locate } = weights;
      const decode = decodeProgram({ architecture, storedType, members: [[]], full: false });
      const emitted = emitOnnx(decode, "cpu", locate), begun = performance.now();
      const session = await runtime.open(emitted);
      least("session", begun);
      await session.close();
    }
    console.log(`  ${size / 1e9} GB: weights ${seconds.weights.toFixed(3)} s, session ${seconds.session.toFixed(3)} s`);
    assert.ok(seconds.weights + seconds.session <= 0.2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
