import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import { partsOf } from "../../../ops/passes/parts.ts";
import { input, leafName, type Program, type Value, weight } from "../../../ops/program/program.ts";

const typical = { batch: 1 };
const isKeepable = ({ dtype, shape: [first] }: Value) => dtype === "float32" && first === "batch";
const bytes = 4 * 4 * 16;

/** Blocks that are wide inside and narrow in between, each with weights of `2 * bytes` and its own result. */
function stack(blocks: number): Program {
  const outputs: Record<string, Value> = {};
  let x = o.mul(input("x", ["batch", 4]), input("scale", []));
  for (let index = 0; index < blocks; index++) {
    const wide = o.tanh(o.matmul(x, weight(`up.${index}`, [4, 16])));
    outputs[`wide.${index}`] = o.neg(wide);
    x = o.add(x, o.matmul(wide, weight(`down.${index}`, [16, 4])));
  }
  return { name: "stack", outputs: { x, ...outputs } };
}

function passedOf(program: Program, mostBytes: number): readonly (readonly (readonly unknown[])[])[] {
  return partsOf(program, { mostBytes, typical, isKeepable }).map(({ passed }) => passed.map(({ shape }) => shape));
}

Deno.test("partsOf() splits where the fewest bytes cross, and computes each result in one part", () => {
  const program = stack(4);
  const parts = partsOf(program, { mostBytes: 5 * bytes, typical, isKeepable });
  assert.deepEqual(parts.map(({ results }) => results), [["wide.0", "wide.1"], ["x", "wide.2", "wide.3"]]);
  assert.deepEqual(passedOf(program, 5 * bytes), [[["batch", 4]], []]);
});

Deno.test("partsOf() has one part if all weights fit, and splits blocks if it has to", () => {
  assert.deepEqual(passedOf(stack(4), 8 * bytes), [[]]);
  assert.equal(passedOf(stack(4), 2 * bytes).length, 4);
  const within = passedOf(stack(2), bytes);
  assert.equal(within.length, 4);
  assert.deepEqual(within[0], [["batch", 16]]);
});

Deno.test("partsOf() never splits where an unkeepable value crosses, nor passes on values that use no weight", () => {
  const program = stack(3), isNarrow = (value: Value) => isKeepable(value) && value.shape[1] === 4;
  const parts = partsOf(program, { mostBytes: bytes, typical, isKeepable: isNarrow });
  assert.equal(parts.length, 3);
  const [mask, one, two] = [o.neg(input("mask", ["batch", 4])), weight("one", [4]), weight("two", [4])];
  const masked = { name: "masked", outputs: { y: o.mul(o.add(o.mul(mask, one), mask), two) } };
  const [first] = partsOf(masked, { mostBytes: 16, typical, isKeepable });
  assert.deepEqual(first!.passed.map(({ op, inputs }) => [op, inputs.map((each) => each === mask)]), [
    ["add", [false, true]],
  ]);
  assert.equal(leafName(mask.inputs[0]!), "mask");
});
