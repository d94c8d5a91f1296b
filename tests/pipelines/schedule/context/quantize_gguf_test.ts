/** Weights in few bits that are taken from GGUF files directly, compared with those of converted models. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { blockCodes } from "../../../../pipelines/models/gguf/block_codes.ts";
import { readGguf } from "../../../../pipelines/models/gguf/reader.ts";
import { readBlocks } from "../../../../pipelines/models/gguf/weights.ts";
import { type BitsName, dequantize } from "../../../../pipelines/models/weights/quantization.ts";
import { openQuantized } from "../../../../pipelines/schedule/context/quantize.ts";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import { goldenPath } from "../../models/gguf/support.ts";
import { test } from "../../store/support.ts";

const bits: readonly BitsName[] = ["q8", "q4"];

const contextIn = (store: string) => {
  return new RunContext({ base: "/", store, provider: "cpu", threads: 1, emit: () => {} });
};

Deno.test("blocks of Q8_0 and Q4_0 files have the same numbers as codes and scales", async () => {
  const file = goldenPath("types.gguf"), { tensors } = readGguf(file);
  const numbers = new Float32Array((await Deno.readFile(goldenPath("types.bin"))).buffer);
  const found = new Map<string, Float32Array>();
  let at = 0;
  for (const { name, shape } of tensors.values()) {
    found.set(name, numbers.subarray(at, at += shape.reduce((product, extent) => product * extent)));
  }
  for (const { name, type, codes } of blockCodes) {
    const source = tensors.get(name)!, blocks = readBlocks(file, { name, shape: source.shape, source });
    assert.deepEqual(dequantize(codes(blocks), source.shape.at(-1)!, type), found.get(name));
  }
});

for (const name of ["llama", "gemma3", "gpt2", "falcon", "qwen3", "phi3"]) {
  test(`${name}'s GGUF file has the same weights in few bits as its converted model, which is not made`, async (folder) => {
    await using runContext = contextIn(join(folder, "direct"));
    await using other = contextIn(join(folder, "converted"));
    const model = await runContext.models.model(goldenPath(`${name}.gguf`));
    const converted = await other.models.model(goldenPath(`${name}.gguf`)),
      base = await other.models.weights(converted);
    for (const each of bits) {
      const peeked = await runContext.models.peekWeights(model, each);
      const weights = await runContext.models.weights(model, each);
      const { weights: expected, entry } = await openQuantized(other.store, converted, base, each, () => {});
      for (const [weight, shape] of model.architecture.weights) {
        assert.deepEqual(await weights.read(weight), await expected.read(weight), weight);
        assert.equal(weights.storedType(weight), expected.storedType(weight));
        assert.deepEqual(weights.record(weight).shape, shape);
      }
      assert.deepEqual([peeked?.digest, peeked?.codesKey], [weights.digest, weights.codesKey]);
      entry.close();
    }
    const files = await Array.fromAsync(Deno.readDir(model.folder), (file) => file.name);
    assert.ok(!files.includes("model.safetensors"), files.join());
  });
}
