import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program, scalar, weight } from "../../../ops/program/program.ts";
import { print } from "../../../ops/program/print.ts";

/** A product of two towers, either of which may be built first. */
function towers(first: "left" | "right"): Program {
  const left = () => o.exp(input("left", ["batch", 3])), right = () => o.tanh(parameter("right", [3]));
  const built = first === "left" ? { left: left(), right: right() } : { right: right(), left: left() };
  return { name: "towers", outputs: { y: o.mul(built.left, built.right) } };
}

Deno.test("print() writes a program line by line", () => {
  const x = input("x", ["batch", 3]), w = weight("w", [3, 3], "bfloat16");
  const program = {
    name: "small",
    outputs: { y: o.matmul(x, o.cast(w, "float32"), { transposeB: true }), x2: o.add(x, 1) },
  };
  assert.equal(
    print(program),
    `small
  %0 = input x: float32[batch, 3]
  %1 = weight w: bfloat16[3, 3]
  %2 = cast %1 {to="float32"}: float32[3, 3]
  %3 = matmul %0 %2 {transposeB=true, alpha=1}: float32[batch, 3]
  %4 = constant {elements=[1]}: float32[]
  %5 = add %0 %4: float32[batch, 3]
  → y = %3
  → x2 = %5
`,
  );
});

Deno.test("print() does not depend on the order of construction", () => {
  assert.equal(print(towers("left")), print(towers("right")));
});

Deno.test("print() distinguishes different programs", () => {
  const x = input("x", [3]), y = input("y", [3]);
  const values = [
    o.add(x, y),
    o.add(y, x),
    o.sub(x, y),
    o.add(x, x),
    o.add(x, 0),
    o.add(x, scalar(-0)),
    o.add(x, Infinity),
    o.add(x, -Infinity),
    o.add(x, NaN),
    o.reduceSum(x, [0]),
    o.reduceSum(x, [0], true),
    input("x", ["batch"]),
    parameter("x", [3]),
  ];
  const programs = values.map((value): Program => ({ name: "one", outputs: { value } }));
  programs.push({ name: "one", outputs: { renamed: values[0]! } });
  assert.equal(new Set(programs.map(print)).size, programs.length);
});
