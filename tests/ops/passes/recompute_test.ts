import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import { peakBytes } from "../../../ops/passes/cost.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program, type Value, valuesOf } from "../../../ops/program/program.ts";
import { type Boundary, recomputableRuns, recompute } from "../../../ops/passes/recompute.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { interpret } from "../reference.ts";
import { drawLeaves, emitFor, runOn } from "../support.ts";

const symbols = { batch: 2, tail: 3 };

/** Wide inside and narrow in between, like the blocks of a transformer. */
function block(x: Value, index: number): Value {
  const up = parameter(`up.${index}`, [4, 32]), down = parameter(`down.${index}`, [32, 4]);
  return o.add(x, o.matmul(o.silu(o.tanh(o.matmul(x, up))), down));
}

/** A stack of blocks with the gradients of their parameters. */
function stack(blocks: number, between: (next: Value, before: readonly Value[]) => Value = (next) => next) {
  const states: Value[] = [o.mul(input("x", ["batch", "tail", 4]), parameter("scale", []))];
  for (let index = 0; index < blocks; index++) states.push(between(block(states[index]!, index), states));
  const loss = o.reduceSum(o.mul(states[blocks]!, states[blocks]!), [0, 1, 2]);
  const leaves = valuesOf({ name: "loss", outputs: { loss } }).filter(({ op }) => op === "parameter");
  const found = gradients(loss, [...leaves, ...states]);
  const named = leaves.map(({ attributes: { name } }, index) => [`d ${name}`, found[index]!]);
  const program: Program = { name: "stack", outputs: { loss, ...Object.fromEntries(named) } };
  const boundaries = states.map((state, index): Boundary => ({ state, cotangent: found[leaves.length + index] }));
  return { program, boundaries };
}

const barriers = (program: Program) => valuesOf(program).filter(({ op }) => op === "barrier").length;

Deno.test("recompute() preserves the results, bit for bit in the runtime", async () => {
  using runtime = new Runtime({ threads: 1 });
  const { program, boundaries } = stack(5), again = verify(recompute(program, boundaries));
  const run = drawLeaves(Object.values(program.outputs), symbols);
  assert.deepEqual(interpret(again, run), interpret(program, run));
  const [plain, anew] = await Promise.all([program, again].map(async (each) => {
    return await runOn(await runtime.open(emitFor("cpu", each)), run);
  }));
  assert.deepEqual(anew, plain);
});

Deno.test("recompute() repeats all runs except the last, or as many as requested", () => {
  const { program, boundaries } = stack(5);
  assert.equal(recomputableRuns(program, boundaries), 4);
  assert.deepEqual([Infinity, 2, 1].map((most) => barriers(recompute(program, boundaries, most))), [4, 2, 1]);
  assert.equal(recompute(program, boundaries, 0), program);
  const { program: single, boundaries: ofSingle } = stack(1);
  assert.equal(recompute(single, ofSingle), single);
});

Deno.test("recompute() lowers the peak memory with every repeated run", () => {
  const { program, boundaries } = stack(12), extents = { batch: 64, tail: 64 };
  const peaks = [0, 4, 8, Infinity].map((most) => peakBytes(recompute(program, boundaries, most), extents));
  assert.deepEqual(peaks, peaks.toSorted((a, b) => b - a));
  assert.ok(peaks[3]! < 0.3 * peaks[0]!, `${peaks}`);
});

Deno.test("recompute() joins runs whose boundary is unknown", () => {
  const { program, boundaries } = stack(5), stranger = input("stranger", ["batch", "tail", 4]);
  const fewer = boundaries.with(2, { state: stranger, cotangent: stranger }), again = recompute(program, fewer);
  assert.equal(barriers(again), 3);
  const run = drawLeaves(Object.values(program.outputs), symbols);
  assert.deepEqual(interpret(again, run), interpret(program, run));
});

Deno.test("recompute() is correct where runs read more than their boundary", () => {
  const skips = (next: Value, before: readonly Value[]) =>
    o.mul(next, o.sigmoid(o.tanh(before[Math.max(0, before.length - 3)]!)));
  const { program, boundaries } = stack(6, skips), again = verify(recompute(program, boundaries));
  const run = drawLeaves(Object.values(program.outputs), symbols);
  assert.deepEqual(interpret(again, run), interpret(program, run));
});
