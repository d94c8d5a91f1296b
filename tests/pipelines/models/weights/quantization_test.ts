import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { projectionsOf } from "../../../../pipelines/models/open/quantized_weights.ts";
import type { CodeType } from "../../../../ops/program/program.ts";
import { codeKinds } from "../../../../ops/table/quantization.ts";
import { dequantize, packedZeros, quantize, unpackedZeros } from "../../../../pipelines/models/weights/quantization.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";

const random = createRandom(3, "quantization");
const matrix = Float32Array.from({ length: 7 * 70 }, () => random.normal());

const types = Object.keys(codeKinds) as CodeType[];

function errors(type: CodeType): number[] {
  const back = dequantize(quantize(matrix, 70, type), 70, type);
  return [...matrix].map((number, at) => Math.abs(number - back[at]!));
}

for (const type of types.filter((type) => codeKinds[type].bits === 8)) {
  Deno.test(`quantize() to ${type} errs by at most half a step, which is 1/127 of the block's largest number`, () => {
    const { size } = codeKinds[type],
      steps = [...errors(type)].map((error, at) => {
        const row = Math.floor(at / 70), start = row * 70 + Math.floor(at % 70 / size) * size;
        const block = matrix.subarray(start, Math.min((row + 1) * 70, start + size));
        return error / (Math.max(...block.map(Math.abs)) / 127);
      });
    assert.ok(Math.max(...steps) <= 0.501);
  });
}

for (const [type, most] of [["uint4", 0.1], ["uint4x64", 0.1]] as const) {
  Deno.test(`quantize() to ${type} has errors below ${most} of the deviation of normal numbers`, () => {
    const mean = errors(type).reduce((sum, error) => sum + error * error, 0) / matrix.length;
    assert.ok(Math.sqrt(mean) < most, String(Math.sqrt(mean)));
  });
}

Deno.test("a zero in each block halves the errors of numbers that are mostly of one sign", () => {
  const shifted = matrix.map((number) => Math.abs(number) - 0.1), type = "uint4x64";
  const squares = (back: Float32Array) => back.reduce((sum, each, at) => sum + (each - shifted[at]!) ** 2, 0);
  const [own, symmetric] = [type, "uint4"].map((each) => {
    return squares(dequantize(quantize(shifted, 70, each as CodeType), 70, each as CodeType));
  });
  assert.ok(own! < symmetric! / 2, `${own} and ${symmetric}`);
});

Deno.test("quantize() preserves numbers that the codes represent exactly", () => {
  for (const type of types) {
    const once = dequantize(quantize(matrix, 70, type), 70, type);
    const largest = (block: Float32Array) => Math.max(...block.map(Math.abs));
    const twice = dequantize(quantize(once, 70, type), 70, type);
    assert.ok(largest(once.map((number, at) => number - twice[at]!)) < 1e-6, type);
    const nothing = quantize(new Float32Array(64), 64, type);
    assert.deepEqual(dequantize(nothing, 64, type), new Float32Array(64));
  }
  assert.deepEqual([...quantize(new Float32Array(64), 64, "uint4").codes], new Array(32).fill(0x88));
});

Deno.test("a zero fits into 4 bits, however small the block's numbers are", () => {
  // The step between subnormal numbers is too coarse for a scale.
  const tiny = Float32Array.from({ length: 64 }, (_, at) => (at % 24 - 22) * 2 ** -149);
  const { zeros } = quantize(Float32Array.of(...tiny, ...matrix.subarray(0, 64)), 128, "uint4x64");
  assert.ok(zeros!.every((zero) => zero <= 15), `${zeros}`);
  assert.deepEqual(unpackedZeros(packedZeros(zeros!, 128, "uint4x64").flat, 2), zeros);
});

Deno.test("zeros are packed two to a byte, one after the other or from a new byte for each row", () => {
  // Three rows of three blocks.
  const zeros = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), { flat, byRow } = packedZeros(zeros, 130, "uint4x64");
  assert.deepEqual([...flat], [0x21, 0x43, 0x65, 0x87, 0x09]);
  assert.deepEqual([...byRow], [0x21, 0x03, 0x54, 0x06, 0x87, 0x09]);
  assert.deepEqual(unpackedZeros(flat, 9), zeros);
});

Deno.test("quantize() refuses numbers that are not finite", () => {
  for (const number of [NaN, Infinity, -Infinity]) {
    for (const type of types) assert.throws(() => quantize(Float32Array.of(1, number, 2), 3, type), RangeError);
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
