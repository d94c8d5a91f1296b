import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import { constant, input, intern, parameter, type Program, type Value, weight } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";

const x = input("x", ["batch", 3]);
const program = (outputs: Readonly<Record<string, Value>>): Program => ({ name: "broken", outputs });

Deno.test("verify() returns a sound program", () => {
  const sound = program({ y: o.matmul(x, weight("w", [3, 4])), z: o.reshape(x, ["3*batch"]), x2: x });
  assert.equal(verify(sound), sound);
});

const broken: Record<string, () => Value> = {
  "an operation that is not in the table": () =>
    intern({ op: "conjure", inputs: [x], attributes: {}, shape: x.shape, dtype: "float32" }),
  "a shape that does not follow from the operands": () =>
    intern({ op: "neg", inputs: [x], attributes: {}, shape: ["batch", 4], dtype: "float32" }),
  "a type that does not follow from the operands": () =>
    intern({ op: "neg", inputs: [x], attributes: {}, shape: x.shape, dtype: "float16" }),
  "incompatible operands": () =>
    intern({ op: "add", inputs: [x, input("y", [4])], attributes: {}, shape: x.shape, dtype: "float32" }),
  "a missing operand": () => intern({ op: "add", inputs: [x], attributes: {}, shape: x.shape, dtype: "float32" }),
  "an error below a sound result": () =>
    o.exp(intern({ op: "neg", inputs: [x], attributes: {}, shape: [7], dtype: "float32" })),
  "two leaves with the same name and different shapes": () => o.add(x, input("x", [3])),
  "two leaves with the same name and different kinds": () => o.add(x, parameter("x", ["batch", 3])),
  "a constant with too few elements": () => o.add(x, constant([1, 2], [3])),
  "a symbol that occurs only within a polynomial": () => o.exp(input("rows", ["batch*tail", 3])),
  "a symbol that only a weight has": () => o.exp(weight("table", ["vocabulary", 3])),
  "a symbol that occurs only in an attribute": () => o.slice(input("fixed", [9, 2]), 0, "first", "first+2"),
};

for (const [name, build] of Object.entries(broken)) {
  Deno.test(`verify() refuses ${name}`, () => {
    assert.throws(() => verify(program({ y: build() })), TypeError);
  });
}

Deno.test("verify() refuses a result with the name of a leaf", () => {
  assert.throws(() => verify(program({ x: o.neg(x) })), TypeError);
});

Deno.test("verify() lets any fed tensor bind symbols", () => {
  const rows = input("rows", ["batch*tail", 3]), witness = input("witness", ["tail", "batch"]);
  verify(program({ y: o.exp(rows), z: o.neg(witness) }));
});
