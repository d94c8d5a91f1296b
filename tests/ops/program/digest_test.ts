import assert from "node:assert/strict";
import { digest, valueDigest } from "../../../ops/program/digest.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program, scalar } from "../../../ops/program/program.ts";

/** A product of two towers, either of which may be built first. */
function towers(first: "left" | "right"): Program {
  const left = () => o.exp(input("left", ["batch", 3])), right = () => o.tanh(parameter("right", [3]));
  const built = first === "left" ? { left: left(), right: right() } : { right: right(), left: left() };
  return { name: "towers", outputs: { y: o.mul(built.left, built.right) } };
}

Deno.test("digest() does not depend on the order of construction", () => {
  assert.equal(digest(towers("left")), digest(towers("right")));
});

Deno.test("digest() is stable across processes", () => {
  assert.equal(digest(towers("left")), "b371364d7526d0f7f1771ab87ae4a2c06df8d72b8f016e5af2c6f23a279eb574");
});

Deno.test("digest() distinguishes different programs", () => {
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
  assert.equal(new Set(programs.map(digest)).size, programs.length);
});

Deno.test("valueDigest() is 64 hexadecimal digits, also of a long chain", () => {
  let value = input("x", []);
  for (let step = 0; step < 4_000; step++) value = o.neg(o.exp(value));
  assert.match(valueDigest(value), /^[0-9a-f]{64}$/);
});
