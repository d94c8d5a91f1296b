import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { projectionsOf } from "../../../../pipelines/models/open/quantized_weights.ts";
import { dequantize, quantize } from "../../../../pipelines/models/weights/quantization.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";

const random = createRandom(3, "quantization");
const matrix = Float32Array.from({ length: 7 * 70 }, () => random.normal());

function errors(name: "q4" | "q8"): number[] {
  const back = dequantize(quantize(matrix, 70, name), 70, name);
  return [...matrix].map((number, at) => Math.abs(number - back[at]!));
}

Deno.test("quantize() with q8 errs by at most half a step, which is 1/127 of the block's largest number", () => {
  const steps = [...errors("q8")].map((error, at) => {
    const row = Math.floor(at / 70), start = row * 70 + Math.floor(at % 70 / 32) * 32;
    const block = matrix.subarray(start, Math.min((row + 1) * 70, start + 32));
    return error / (Math.max(...block.map(Math.abs)) / 127);
  });
  assert.ok(Math.max(...steps) <= 0.501);
});

Deno.test("quantize() with q4 has errors below a tenth of the deviation of normal numbers", () => {
  const mean = errors("q4").reduce((sum, error) => sum + error * error, 0) / matrix.length;
  assert.ok(Math.sqrt(mean) < 0.1);
});

Deno.test("quantize() preserves numbers that the codes represent exactly", () => {
  for (const name of ["q4", "q8"] as const) {
    const once = dequantize(quantize(matrix, 70, name), 70, name);
    const largest = (block: Float32Array) => Math.max(...block.map(Math.abs));
    const twice = dequantize(quantize(once, 70, name), 70, name);
    assert.ok(largest(once.map((number, at) => number - twice[at]!)) < 1e-6);
  }
  const zeros = quantize(new Float32Array(64), 64, "q4");
  assert.deepEqual(dequantize(zeros, 64, "q4"), new Float32Array(64));
  assert.deepEqual([...zeros.codes], new Array(32).fill(0x88));
});

Deno.test("quantize() refuses numbers that are not finite", () => {
  for (const number of [NaN, Infinity, -Infinity]) {
    for (const name of ["q4", "q8"] as const) {
      assert.throws(() => quantize(Float32Array.of(1, number, 2), 3, name), RangeError);
    }
  }
});

Deno.test("projectionsOf() finds the projections of every family", async () => {
  const goldens = new URL("../../../goldens/families/", import.meta.url), counts: Record<string, number> = {};
  for (const { name } of Deno.readDirSync(goldens)) {
    const file = fileURLToPath(new URL(`${name}/config.json`, goldens));
    const fields = JSON.parse(await Deno.readTextFile(file));
    try {
      const architecture = architectureOf(new ConfigReader(file, fields));
      const { encoder } = architecture, read = encoder === undefined ? 0 : projectionsOf(encoder).size;
      counts[name] = (projectionsOf(architecture).size - read) / architecture.blocks;
      if (encoder !== undefined) counts[`${name}'s encoder`] = read / encoder.blocks;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }
  assert.ok(Object.values(counts).length > 0);
  for (const [name, count] of Object.entries(counts)) {
    assert.ok(Number.isInteger(count) && count >= 4, `${name} ${count}`);
  }
  assert.equal(counts["gpt2"], 4);
  assert.deepEqual([counts["t5-gated"], counts["t5-gated's encoder"]], [11, 7]);
});
