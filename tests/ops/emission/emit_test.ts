import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import { reshapeTarget } from "../../../ops/emission/reshape_target.ts";
import * as o from "../../../ops/operators.ts";
import { constant, input, parameter, type Program, type Value, weight } from "../../../ops/program/program.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { domainsOf } from "../model.ts";
import { drawLeaves, emitFor, runOn } from "../support.ts";

const x = parameter("x", ["batch", 2]);
const program = (outputs: Readonly<Record<string, Value>>): Program => ({ name: "emitted", outputs });

Deno.test("emitOnnx() in the runtime", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  const results = async (outputs: Readonly<Record<string, Value>>) => {
    const session = await runtime.open(emitFor("cpu", program(outputs)));
    const environment = drawLeaves(Object.values(outputs), { batch: 3 });
    return { found: await runOn(session, environment), leaves: environment.leaves };
  };

  await t.step("returns leaves as results", async () => {
    const { found, leaves } = await results({ a: x, b: x, c: constant([1, 2, 3], [3]), d: input("y", []) });
    assert.deepEqual([found["a"], found["b"], found["d"]], [leaves["x"], leaves["x"], leaves["y"]]);
    assert.deepEqual(found["c"]!.data, Float64Array.of(1, 2, 3));
  });

  await t.step("returns one value under several names, even if another value reads it", async () => {
    const negative = o.neg(x), { found, leaves } = await results({ a: negative, b: negative, c: o.neg(negative) });
    assert.deepEqual(found["a"], found["b"]);
    assert.deepEqual(found["c"], leaves["x"]);
  });

  await t.step("keeps non-finite constants", async () => {
    const numbers = [Infinity, -Infinity, NaN, -0];
    const { found } = await results({ a: constant(numbers, [4]), b: constant([-Infinity]), c: x });
    assert.deepEqual(found["a"]!.data, Float64Array.from(numbers));
    assert.deepEqual(found["b"]!.data, Float64Array.of(-Infinity));
  });

  await t.step("reads weights in place, at any offset and in their own type", async () => {
    const file = await Deno.realPath(await Deno.makeTempFile());
    try {
      const wide = new Uint8Array(Float32Array.of(1, -2, 3, -4).buffer);
      // The upper halves of float32 are bfloat16.
      const narrow = new Uint8Array(Uint16Array.of(0x3f80, 0xbf00).buffer);
      await Deno.writeFile(file, Uint8Array.of(9, 9, 9, ...wide, ...narrow));
      const places: Record<string, { offset: number; length: number }> = {
        wide: { offset: 3, length: 16 },
        narrow: { offset: 19, length: 4 },
      };
      const product = o.matmul(x, weight("wide", [2, 2]));
      const both = o.add(product, o.cast(weight("narrow", [2], "bfloat16"), "float32"));
      const model = emitOnnx(program({ both }), "cpu", (name) => ({ location: file.slice(1), ...places[name]! }));
      const session = await runtime.open(model);
      const { outputs } = await session.run({ x: { shape: [1, 2], data: Float32Array.of(10, 1) } });
      assert.deepEqual(outputs["both"]!.data, Float32Array.of(14, -24.5));
    } finally {
      await Deno.remove(file);
    }
  });
});

Deno.test("emitOnnx() lists the tensors that the host feeds", () => {
  const model = emitFor(
    "cpu",
    program({ y: o.expand(o.reduceSum(x, [0, 1]), ["batch", 4]), z: o.neg(input("i", ["batch"])) }),
  );
  assert.deepEqual(model.fed, [
    { name: "x", shape: ["batch", 2], dtype: "float32" },
    { name: "i", shape: ["batch"], dtype: "float32" },
  ]);
  assert.deepEqual(model.extents, [{ name: "extents(batch,4)", shape: ["batch", 4] }]);
  assert.deepEqual(model.outputs.map(({ name, shape }) => [name, shape]), [["y", ["batch", 4]], ["z", ["batch"]]]);
});

Deno.test("emitOnnx() writes the same bytes for the same program", () => {
  const build = () => program({ y: o.softmax(o.matmul(x, o.transpose(x, [1, 0]))) });
  assert.deepEqual(emitFor("cpu", build()).bytes, emitFor("cpu", build()).bytes);
});

Deno.test("emitOnnx() uses com.microsoft only for the cpu", () => {
  const product = program({ y: o.matmul(x, parameter("w", [3, 2]), { transposeB: true, alpha: 2 }) });
  assert.deepEqual(domainsOf(emitFor("cpu", product).bytes), ["com.microsoft"]);
  assert.deepEqual(domainsOf(emitFor("webgpu", product).bytes), [""]);
});

Deno.test("reshapeTarget() copies extents, infers at most one, and otherwise gives up", () => {
  assert.deepEqual(reshapeTarget(["batch", "tail", 6], ["batch", "tail", 2, 3]), [0, 0, 2, 3]);
  assert.deepEqual(reshapeTarget(["batch", "tail", 6], ["batch*tail", 6]), [-1, 6]);
  assert.deepEqual(reshapeTarget([2, 3], [6]), [6]);
  assert.equal(reshapeTarget(["batch*tail", 6], ["batch", "tail", 6]), undefined);
  assert.equal(reshapeTarget([0, 3], [3, 0]), undefined);
});
