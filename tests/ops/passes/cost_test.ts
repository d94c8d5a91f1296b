import assert from "node:assert/strict";
import { bytesOf, flopsOf, peakBytes, programFlops } from "../../../ops/passes/cost.ts";
import type { Dimension } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value, weight } from "../../../ops/program/program.ts";

const x = input("x", ["batch", "tail", 6]), w = weight("w", [4, 6]), labels = input("labels", ["batch", 1], "int64");

Deno.test("bytesOf() counts elements by their type", () => {
  assert.equal(bytesOf(x), "24*batch*tail");
  assert.equal(bytesOf(weight("narrow", [4, 6], "bfloat16")), 48);
  assert.equal(bytesOf(weight("narrow", [4, 6], "float16")), 48);
  assert.equal(bytesOf(labels), "8*batch");
  assert.equal(bytesOf(parameter("p", [])), 4);
});

const counted: Record<string, readonly [Value, Dimension]> = {
  "a leaf costs nothing": [x, 0],
  "a move costs nothing": [o.transpose(x, [1, 0, 2]), 0],
  "a gather costs nothing": [o.gatherRows(w, input("i", ["batch"], "int64")), 0],
  "a product counts a multiply-add as two": [o.matmul(x, w, { transposeB: true }), "48*batch*tail"],
  "a product with its left operand transposed": [o.matmul(x, x, { transposeA: true }), "72*batch*tail"],
  "an elementwise operation counts its result": [o.add(input("row", [6]), x), "6*batch*tail"],
  "a sum counts what it adds": [o.reduceSum(x, [1]), "6*batch*tail"],
  "a kept sum counts what it adds": [o.reduceSum(x, [2], true), "6*batch*tail"],
  "a mean counts what it adds": [o.reduceMean(x, [2], true), "6*batch*tail"],
  "a root mean square counts what it squares": [o.inverseRms(x, weight("g", [6]), 1e-5), "6*batch*tail"],
  "a cross-entropy counts the logits": [o.crossEntropy(input("logits", ["batch", 9]), labels), "9*batch"],
};

for (const [name, [value, flops]] of Object.entries(counted)) {
  Deno.test(`flopsOf(): ${name}`, () => assert.equal(flopsOf(value), flops));
}

Deno.test("programFlops() counts each value once and matrix products separately", () => {
  const product = o.matmul(x, w, { transposeB: true });
  const program = { name: "twice", outputs: { y: o.add(product, product), z: o.exp(product) } };
  assert.deepEqual(programFlops(program), { matmul: "48*batch*tail", all: "56*batch*tail" });
});

Deno.test("peakBytes() counts the values that are live at the same time", () => {
  const x = input("x", ["batch", 4]);
  const wide = o.matmul(x, input("w", [4, 8]));
  const narrow = o.reduceSum(wide, [1], true);
  // 2 · 8 numbers with their 2 sums; then the sums with their squares. Leaves belong to the host.
  assert.equal(peakBytes({ name: "chain", outputs: { y: o.mul(narrow, narrow) } }, { batch: 2 }), 4 * (16 + 2));
  // A value that is read again later stays live.
  const late = o.mul(wide, narrow);
  assert.equal(peakBytes({ name: "late", outputs: { late } }, { batch: 2 }), 4 * (16 + 2 + 16));
  // A reshaped value shares the memory of its operand.
  const flat = o.reshape(wide, ["8*batch"]);
  assert.equal(peakBytes({ name: "view", outputs: { y: o.reduceSum(flat, [0]) } }, { batch: 2 }), 4 * (16 + 1));
  // A 16-bit weight is widened for each use and freed after it.
  const widened = o.cast(weight("narrow", [4, 8], "bfloat16"), "float32");
  const back = o.matmul(o.matmul(x, widened), widened, { transposeB: true });
  assert.equal(peakBytes({ name: "widened", outputs: { back } }, { batch: 2 }), 4 * (16 + 8));
});
