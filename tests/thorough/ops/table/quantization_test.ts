import assert from "node:assert/strict";
import { gradients } from "../../../../ops/passes/autodiff.ts";
import { emitOnnx } from "../../../../ops/emission/emit.ts";
import * as o from "../../../../ops/operators.ts";
import { parameter, type Program, type Value, weight } from "../../../../ops/program/program.ts";
import { emissions } from "../../../../ops/onnx/providers.ts";
import { verify } from "../../../../ops/passes/verify.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { frozenWeight } from "../../../../pipelines/compile/programs/frozen_weight.ts";
import { partsOf } from "../../../../pipelines/models/open/quantized_weights.ts";
import { dequantize, packedZeros, quantize } from "../../../../pipelines/models/weights/quantization.ts";
import { codeKinds } from "../../../../ops/table/quantization.ts";
import { nodesOf } from "../../../ops/model.ts";
import { type Environment, interpret } from "../../../ops/reference.ts";
import { assertClose, assertGradients, runOn, weighted } from "../../../ops/support.ts";
import type { Tensor } from "../../../ops/tensor.ts";
import {
  inFile,
  quantizationCases,
  type QuantizedCase,
  rowsOf,
  withCodes,
} from "../../../ops/table/quantization_cases.ts";

/** The product and its gradient with respect to x. */
function programOf(value: Value): Program {
  const loss = weighted(value), [gradient] = gradients(loss, [parameter("x", xOf(value).shape)]);
  return verify({ name: "quantized", outputs: { value, gradient: gradient! } });
}

const xOf = (value: Value) => value.inputs[0]!;

/**
 * Asserts that a product is within the error of rounding x to 8 bits: each element is off by at most half a step, and a
 * step is 1/127 of the largest element in its block, so at most of its row.
 */
function assertRounded(
  found: Tensor,
  expected: Tensor,
  { rows, columns, alpha, codes: type }: QuantizedCase,
  of: Environment,
): void {
  const x = of.leaves["x"]!.data, codes = of.leaves["codes"]!.data, scales = of.leaves["scales"]!.data;
  const { size } = codeKinds[type], perRow = Math.ceil(columns / size), zeros = of.leaves["zeros"]?.data;
  const weighs = Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const block = row * perRow + Math.floor(column / size);
      sum += Math.abs((codes[block * size + column % size]! - (zeros?.[block] ?? 0)) * scales[block]!);
    }
    return sum;
  });
  let exact = 0;
  expected.data.forEach((value, at) => {
    const start = Math.floor(at / rows) * columns;
    const most = Math.max(...Array.from(x.slice(start, start + columns), Math.abs)),
      difference = Math.abs(found.data[at]! - value);
    assert.ok(difference <= Math.abs(alpha) * most / 254 * weighs[at % rows]! + 1e-5, `${difference} at ${at}`);
    if (difference === 0) exact++;
  });
  assert.ok(exact < expected.data.length, "the product is in 8 bits");
}

Deno.test("quantization: products with quantized weights, and their gradients", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const each of quantizationCases) {
    await t.step(each.name, async () => {
      await withCodes(each, async (locate, environment) => {
        assertGradients(weighted(each.value), environment);
        for (const packs of [false, true]) {
          const program = packs ? { name: "packed", outputs: { value: each.value } } : programOf(each.value);
          const expected = interpret(program, environment);
          const model = emitOnnx(program, "cpu", locate, { packs });
          const isFused = nodesOf(model.bytes).some(({ opType }) => opType === "MatMulNBits");
          assert.equal(isFused, packs && each.isRight);
          const session = await runtime.open(model, { prepacks: packs });
          const found = await runOn(session, environment);
          for (const name in expected) {
            if (isFused) assertRounded(found[name]!, expected[name]!, each, environment);
            else assertClose(found[name]!, expected[name]!, 2e-5, `${name}, packs ${packs}`);
          }
          await session.close();
        }
      });
    });
  }
});

Deno.test("dequantize() refuses mismatched codes and scales", () => {
  const codes = weight("codes", [6, 32], "uint4"), scales = weight("scales", [6]);
  assert.deepEqual(o.dequantize(codes, scales, 64).shape, [3, 64]);
  assert.throws(() => o.dequantize(codes, scales, 128 + 1), TypeError);
  assert.throws(() => o.dequantize(codes, weight("few", [5]), 64), TypeError);
  assert.throws(() => o.dequantize(weight("wide", [6, 32]), scales, 64), TypeError);
  assert.throws(() => o.dequantize(weight("long", [3, 64], "uint8"), weight("three", [3]), 64), TypeError);
  const own = weight("own", [6, 64], "uint4x64"), flat = weight("flat", [6], "uint4");
  assert.deepEqual(o.dequantize(own, scales, 128, [flat, weight("rows", [3, 1], "uint8")]).shape, [3, 128]);
  assert.throws(() => o.dequantize(own, scales, 128), TypeError);
  assert.throws(() => o.dequantize(own, scales, 128, [flat, weight("few rows", [2, 1], "uint8")]), TypeError);
  assert.throws(() => o.dequantize(codes, scales, 64, [flat, weight("rows", [3, 1], "uint8")]), TypeError);
});

Deno.test("a large 16-bit weight is widened in parts", async () => {
  using runtime = new Runtime({ threads: 1 });
  const [rows, columns] = [9000, 1000], bits = new Uint16Array(rows * columns).fill(0x3f80);
  // 1 everywhere, except for a row of 2.
  bits.fill(0x4000, 8000 * columns, 8001 * columns);
  const matrix = o.cast(weight("matrix", [rows, columns], "bfloat16"), "float32");
  const forward = o.matmul(parameter("x", ["batch", columns]), matrix, { transposeB: true, alpha: 0.5 });
  const backward = o.matmul(parameter("g", ["batch", rows]), matrix);
  await inFile([new Uint8Array(bits.buffer)], async (location) => {
    const model = emitOnnx({ name: "parts", outputs: { forward, backward } }, "cpu", () => {
      return { location, offset: 0, length: 2 * bits.length };
    });
    assert.equal(nodesOf(model.bytes).filter(({ opType }) => opType === "Cast").length, 4);
    const session = await runtime.open(model);
    const g = new Float32Array(rows).fill(0);
    g[8000] = 1, g[8999] = 3;
    const feeds = {
      x: { shape: [1, columns], data: new Float32Array(columns).fill(1) },
      g: { shape: [1, rows], data: g },
    };
    const { outputs } = await session.run(feeds);
    const expected = new Float32Array(rows).fill(500);
    expected[8000] = 1000;
    assert.deepEqual(outputs["forward"]!.data, expected);
    assert.deepEqual(outputs["backward"]!.data, new Float32Array(columns).fill(5));
  });
});

Deno.test("a large quantized weight is widened in parts, of which one may begin within no byte", async () => {
  using runtime = new Runtime({ threads: 1 });
  const [rows, columns] = [9001, 1050], type = "uint4x64";
  const matrix = Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(at * 0.37) + at % 7 / 7);
  const { codes, scales, zeros } = quantize(matrix, columns, type),
    { flat, byRow } = packedZeros(zeros!, columns, type);
  const parts = [codes, new Uint8Array(scales.buffer), flat, byRow], names = partsOf("matrix");
  const order: readonly string[] = [names.codes, names.scales, ...names.zeros];
  const forward = o.matmul(parameter("x", ["batch", columns]), frozenWeight("matrix", [rows, columns], type), {
    transposeB: true,
  });
  await inFile(parts, async (location) => {
    const locate = (name: string) => {
      const at = order.indexOf(name), offset = parts.slice(0, at).reduce((sum, { length }) => sum + length, 0);
      return { location, offset, length: parts[at]!.length };
    };
    const model = emitOnnx({ name: "parts", outputs: { forward } }, "cpu", locate);
    assert.ok(nodesOf(model.bytes).filter(({ opType }) => opType === "DequantizeLinear").length > 1);
    const session = await runtime.open(model), data = new Float32Array(columns);
    data[1049] = 1;
    const { outputs } = await session.run({ x: { shape: [1, columns], data } });
    const back = dequantize({ codes, scales, zeros: zeros! }, columns, type);
    for (let row = 0; row < rows; row++) {
      assert.equal(outputs["forward"]!.data[row], back[row * columns + 1049], `row ${row}`);
    }
  });
});

Deno.test("rows of a quantized table are those of the dequantized table for every provider", async () => {
  using runtime = new Runtime({ threads: 1 });
  for (const each of quantizationCases.filter(({ isRight, alpha }) => isRight && alpha === 1)) {
    await withCodes(each, async (locate, drawn) => {
      const { rows: value, environment } = rowsOf(each, drawn);
      const program: Program = { name: "rows", outputs: { value } }, expected = interpret(program, environment);
      for (const emission of [emissions.cpu, emissions.webgpu]) {
        const model = emitOnnx(verify(program), "cpu", locate, { emission });
        const nodes = nodesOf(model.bytes).map(({ opType }) => opType);
        const isWhole = nodes.includes("DequantizeLinear");
        assert.equal(isWhole, emission === emissions.webgpu && codeKinds[each.codes].bits === 4);
        const session = await runtime.open(model);
        assertClose((await runOn(session, environment))["value"]!, expected["value"]!, 1e-6, each.name);
        await session.close();
      }
    });
  }
});
