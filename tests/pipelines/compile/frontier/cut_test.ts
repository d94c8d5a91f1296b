import assert from "node:assert/strict";
import * as o from "../../../../ops/operators.ts";
import {
  input,
  leafName,
  leavesOf,
  parameter,
  type Program,
  type Value,
  weight,
} from "../../../../ops/program/program.ts";
import {
  cut,
  cutAt,
  encodeProgram,
  encodePrograms,
  isShared,
  keptName,
} from "../../../../pipelines/compile/frontier/cut.ts";
import { interpret } from "../../../ops/reference.ts";
import { tensor } from "../../../ops/tensor.ts";

const typical = { batch: 1, tail: 8, shared: 8 };

/** `relu(tail·W)·rotate`: all but the last product is the same in every step. */
function programOf(leaves = { tail: input("tail.states", ["batch", "tail", 64]) as Value }): Program {
  const frozen = o.relu(o.matmul(leaves.tail, weight("w", [64, 4])));
  return { name: "step", outputs: { result: o.matmul(frozen, parameter("rotate", [4, 4])) } };
}

const fed = (program: Program) => leavesOf(program, "input").map(leafName);

Deno.test("cut() keeps the values that depend only on the example and feeds them to the rest", () => {
  const { program, kept } = cut(programOf(), typical);
  assert.deepEqual(kept.map(({ value }) => value.shape), [["batch", "tail", 4]]);
  assert.deepEqual(fed(program), [kept[0]!.name]);
});

Deno.test("the encoding and the rest of a cut program together compute the same as the whole", () => {
  const whole = programOf(), { program, kept } = cut(whole, typical);
  const numbers = (shape: number[], scale: number) => {
    return tensor(shape, Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => Math.sin(scale * at)));
  };
  const leaves = { "tail.states": numbers([1, 8, 64], 1), w: numbers([64, 4], 2), rotate: numbers([4, 4], 3) };
  const symbols = { batch: 1, tail: 8 };
  const encoded = interpret(encodeProgram(kept), { symbols, leaves });
  const found = interpret(program, { symbols, leaves: { ...leaves, ...encoded } });
  assert.deepEqual(found, interpret(whole, { symbols, leaves }));
});

Deno.test("cut() keeps nothing if keeping has an infinite cost", () => {
  const { program, kept } = cut(programOf(), typical, { bytePrice: Infinity });
  assert.deepEqual(kept, []);
  assert.deepEqual(fed(program), ["tail.states"]);
});

Deno.test("cut() keeps nothing if every input varies", () => {
  assert.deepEqual(cut(programOf(), typical, { isFixed: () => false }).kept, []);
});

Deno.test("equal computations share a name, different ones do not", () => {
  const [one] = cut(programOf(), typical).kept, [same] = cut(programOf(), typical).kept;
  const [other] = cut(programOf({ tail: o.relu(input("tail.states", ["batch", "tail", 64])) }), typical).kept;
  assert.equal(one!.name, same!.name);
  assert.notEqual(one!.name, other!.name);
  assert.equal(one!.name, keptName(one!.value));
});

Deno.test("cutAt() uses the stored values of another program's cut where both compute the same", () => {
  const { kept } = cut(programOf(), typical);
  const frozen = o.relu(o.matmul(input("tail.states", ["batch", "tail", 64]), weight("w", [64, 4])));
  const evaluation: Program = { name: "evaluate", outputs: { doubled: o.mul(frozen, 2) } };
  const found = cutAt(evaluation, kept);
  assert.deepEqual(fed(found.program), [kept[0]!.name]);
  assert.deepEqual(found.kept.map(({ name }) => name), [kept[0]!.name]);
  const unlike = cutAt(programOf({ tail: input("tail.others", ["batch", "tail", 64]) }), kept);
  assert.deepEqual([fed(unlike.program), unlike.kept], [["tail.others"], []]);
});

Deno.test("encodePrograms() computes the values that all rows share once, and the rest row by row", () => {
  const shared = o.relu(o.matmul(input("shared.states", [1, "shared", 64]), weight("w", [64, 4])));
  const own = o.matmul(input("tail.states", ["batch", "tail", 64]), weight("w", [64, 4]));
  const seen = o.matmul(own, shared, { transposeB: true });
  const kept = [shared, seen].map((value) => ({ name: keptName(value), value }));
  assert.deepEqual(kept.map(isShared), [true, false]);
  const programs = encodePrograms(kept, typical);
  assert.deepEqual(Object.keys(programs.shared.outputs), [kept[0]!.name]);
  assert.deepEqual(fed(programs.shared), ["shared.states"]);
  assert.deepEqual(Object.keys(programs.rows.outputs), [kept[1]!.name]);
  assert.deepEqual(fed(programs.rows).toSorted(), [kept[0]!.name, "tail.states"].toSorted());
});
