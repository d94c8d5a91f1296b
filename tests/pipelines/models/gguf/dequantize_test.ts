import assert from "node:assert/strict";
import { join } from "node:path";
import { readGguf } from "../../../../pipelines/models/gguf/reader.ts";
import { storageTypes } from "../../../../pipelines/models/gguf/types.ts";
import { writeWeights } from "../../../../pipelines/models/gguf/weights.ts";
import { rounded } from "../../../../pipelines/models/weights/quantization.ts";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { inFolder } from "../support.ts";
import { goldenPath } from "./support.ts";

Deno.test("writeWeights() matches gguf-py bit for bit for each storage type", async () => {
  const file = goldenPath("types.gguf"), { tensors } = readGguf(file);
  assert.deepEqual([...tensors.keys()].sort(), [...storageTypes.values()].map(({ name }) => name).sort());
  const expected = new Uint32Array((await Deno.readFile(goldenPath("types.bin"))).buffer);
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    const outputs = [...tensors.values()].map((source) => ({ name: source.name, shape: source.shape, source }));
    await writeWeights(file, outputs, path);
    const { tensors: written } = await readHeader(path);
    let at = 0;
    for (const { name, shape } of tensors.values()) {
      const record = written.get(name)!;
      assert.equal(record.dtype, ["F16", "BF16"].includes(name) ? name : "F32");
      assert.deepEqual(record.shape, shape);
      const found = new Uint32Array((await readTensor(record)).buffer);
      assert.deepEqual(found, expected.subarray(at, at += found.length), name);
    }
    assert.equal(at, expected.length);
  });
});

Deno.test("weights of Q8_0 and Q4_0 files are unchanged by quantization to codes in blocks of 32", async () => {
  const { tensors } = readGguf(goldenPath("types.gguf")), types = { Q8_0: "uint8", Q4_0: "uint4" } as const;
  const numbers = new Float32Array((await Deno.readFile(goldenPath("types.bin"))).buffer);
  let at = 0, compared = 0;
  for (const { name, shape } of tensors.values()) {
    const own = numbers.subarray(at, at += shape.reduce((product, extent) => product * extent));
    const [, kept] = Object.entries(types).find(([type]) => type === name) ?? [];
    if (kept === undefined) continue;
    assert.deepEqual(rounded(own, shape.at(-1)!, kept), own, name);
    compared++;
  }
  assert.equal(compared, 2);
});
