/** The test suite that every implementation of the runtime has to pass. @module */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program, type Value, weight } from "../../../ops/program/program.ts";
import type { Runtime, Session } from "../../../pipelines/runtime/runtime.ts";

const x = parameter("x", ["batch", 2]);
const program = (outputs: Readonly<Record<string, Value>>): Program => ({ name: "conforming", outputs });

function noWeights(name: string): never {
  throw new Error(`There is no weight ${name}`);
}

function fed(...rows: readonly (readonly [number, number])[]) {
  return { x: { data: Float32Array.from(rows.flat()), shape: [rows.length, 2] } };
}

/**
 * Runs the suite.
 *
 * @param start Starts a runtime.
 * @param within The tolerance of results, compared with float32.
 */
export async function conforms(t: Deno.TestContext, start: () => Runtime, within: number): Promise<void> {
  using runtime = start();
  const near = (found: ArrayLike<number>, expected: readonly number[]) => {
    assert.equal(found.length, expected.length);
    expected.forEach((value, at) => assert.ok(Math.abs(found[at]! - value) <= within * Math.max(1, Math.abs(value))));
  };
  const opened = (outputs: Readonly<Record<string, Value>>): Promise<Session> => {
    return runtime.open(emitOnnx(program(outputs), "cpu", noWeights));
  };

  await t.step("runs any number of rows, and returns results by name", async () => {
    const session = await opened({ sum: o.reduceSum(x, [1]), exp: o.exp(x) });
    for (const rows of [[[1, 2]], [[1, 2], [3, -4], [0, 0.5]]] as const) {
      const { outputs, seconds } = await session.run(fed(...rows));
      near(outputs["sum"]!.data as Float32Array, rows.map(([a, b]) => a + b));
      near(outputs["exp"]!.data as Float32Array, rows.flat().map(Math.exp));
      assert.deepEqual(outputs["exp"]!.shape, [rows.length, 2]);
      assert.ok(seconds > 0);
    }
    await session.close();
  });

  await t.step("returns fed tensors to their owner", async () => {
    const session = await opened({ negative: o.neg(x) }), feeds = fed([1, 2]);
    const { outputs } = await session.run(feeds);
    assert.deepEqual([...feeds.x.data], [1, 2]);
    assert.deepEqual([...outputs["negative"]!.data], [-1, -2]);
  });

  await t.step("evaluates extents from the fed tensors", async () => {
    const session = await opened({ wide: o.expand(o.reduceSum(x, [0, 1]), ["batch", 4]) });
    const { outputs } = await session.run(fed([1, 2], [3, 4]));
    assert.deepEqual(outputs["wide"]!.shape, [2, 4]);
    near(outputs["wide"]!.data as Float32Array, Array(8).fill(10));
  });

  await t.step("reads weights in place, at any offset and in their own type", async () => {
    const file = await Deno.realPath(await Deno.makeTempFile());
    try {
      const wide = new Uint8Array(Float32Array.of(1, -2, 3, -4).buffer);
      const narrow = new Uint8Array(Uint16Array.of(0x3f80, 0xbf00).buffer);
      const half = new Uint8Array(Uint16Array.of(0x3555, 0xc000).buffer);
      await Deno.writeFile(file, Uint8Array.of(9, 9, 9, ...wide, ...narrow, ...half));
      const places: ReadonlyMap<string, { readonly offset: number; readonly length: number }> = new Map([
        ["wide", { offset: 3, length: 16 }],
        ["narrow", { offset: 19, length: 4 }],
        ["half", { offset: 23, length: 4 }],
      ]);
      const widened = (name: string, type: "bfloat16" | "float16") => o.cast(weight(name, [2], type), "float32");
      const product = o.matmul(x, weight("wide", [2, 2]));
      const all = o.add(o.add(product, widened("narrow", "bfloat16")), widened("half", "float16"));
      const locate = (name: string) => ({ location: file.slice(1), ...places.get(name)! });
      const session = await runtime.open(emitOnnx(program({ all }), "cpu", locate));
      const { outputs } = await session.run(fed([10, 1]));
      near(outputs["all"]!.data as Float32Array, [14 + 0.333251953125, -24.5 - 2]);
    } finally {
      await Deno.remove(file);
    }
  });

  await t.step("reads a weight that is larger than the read buffer", async () => {
    const file = await Deno.realPath(await Deno.makeTempFile()), count = 5e6;
    try {
      const numbers = Float32Array.from({ length: count }, (_, at) => at % 3 - 1);
      await Deno.writeFile(file, new Uint8Array(numbers.buffer));
      const picked = o.slice(weight("large", [count]), 0, count - 4, count);
      const locate = () => ({ location: file.slice(1), offset: 0, length: numbers.byteLength });
      const session = await runtime.open(
        emitOnnx(program({ picked: o.add(picked, o.reduceSum(x, [0, 1])) }), "cpu", locate),
      );
      const { outputs } = await session.run(fed([0, 0]));
      near(outputs["picked"]!.data as Float32Array, [...numbers.subarray(-4)]);
      await session.close();
    } finally {
      await Deno.remove(file);
    }
  });

  for (const type of ["float32", "float16"] as const) {
    await t.step(`keeps rows that one run writes and another reads, in ${type}`, async () => {
      const cached = input("cached", ["batch", 1, "tokens", 2], type);
      const writer = await opened({ made: o.reshape(x, ["batch", 1, 1, 2]) });
      const reader = await opened({ total: o.reduceSum(o.cast(cached, "float32"), [1, 2, 3]) });
      const use = { id: 7, names: ["cached"], heads: 1, width: 2, type, rows: 2, moves: [] };
      await writer.run(fed([1, 2.0001], [3, 4]), {
        ...use,
        tokens: 1,
        reads: 0,
        writes: [{
          tensors: [["made", "cached"]],
          rows: [0, 1].map((row) => ({ from: row, to: row, start: 0, length: 1, at: 0 })),
        }],
      });
      const { outputs } = await reader.run({}, { ...use, tokens: 1, reads: 2, writes: [] });
      near(outputs["total"]!.data as Float32Array, [type === "float16" ? 3 : 3.0001, 7]);
      await runtime_free(reader);
    });
  }

  await t.step("reports problems as Errors, and continues", async () => {
    const session = await opened({ negative: o.neg(x) });
    await assert.rejects(session.run({}), /conforming was not fed x/);
    await session.close();
    await assert.rejects(session.run(fed([1, 2])), /session \d+ is closed/);
    const { bytes, ...model } = emitOnnx(program({ negative: o.neg(x) }), "cpu", noWeights);
    await assert.rejects(runtime.open({ ...model, bytes: bytes.slice(0, 20) }));
    const again = await opened({ negative: o.neg(x) });
    near((await again.run(fed([5, 6]))).outputs["negative"]!.data as Float32Array, [-5, -6]);
  });

  await t.step("ends when stopped", async () => {
    using other = start();
    const session = await other.open(emitOnnx(program({ negative: o.neg(x) }), "cpu", noWeights));
    other.stop(new Error("enough"));
    await assert.rejects(session.run(fed([1, 2])), /enough/);
  });
}

async function runtime_free(session: Session): Promise<void> {
  await session.free(7);
}
