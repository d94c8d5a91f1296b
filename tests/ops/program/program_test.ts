import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import {
  constant,
  dependants,
  input,
  isLeaf,
  leafName,
  leavesOf,
  parameter,
  scalar,
  topologicalOrder,
  valuesOf,
  weight,
} from "../../../ops/program/program.ts";

Deno.test("equal values are one object", () => {
  const x = input("x", ["batch", 3]), w = parameter("w", [3]);
  assert.equal(input("x", ["batch", 3]), x);
  assert.equal(o.add(o.mul(x, w), 1), o.add(o.mul(x, w), 1));
  assert.equal(constant([1, 2], [2]), constant([1, 2], [2]));
  assert.equal(o.matmul(x, parameter("m", [3, 4])), o.matmul(x, parameter("m", [3, 4]), { alpha: 1 }));
});

Deno.test("different values are different objects", () => {
  const x = input("x", ["batch", 3]), y = input("y", ["batch", 3]);
  const unlike = [
    [x, y],
    [x, input("x", ["tail", 3])],
    [x, input("x", ["batch", 3], "int64")],
    [x, parameter("x", ["batch", 3])],
    [parameter("x", [3]), weight("x", [3])],
    [o.sub(x, y), o.sub(y, x)],
    [o.reduceSum(x, [1]), o.reduceSum(x, [1], true)],
    [o.slice(x, 1, 0, 1), o.slice(x, 1, 1, 2)],
    [constant([1, 2], [2]), constant([1, 2], [1, 2])],
    [constant([1, 2], [2]), constant([2, 1], [2])],
  ] as const;
  for (const [left, right] of unlike) assert.notEqual(left, right);
});

Deno.test("constants that JSON would write alike are kept distinct", () => {
  const numbers = [0, -0, Infinity, -Infinity, NaN];
  assert.equal(new Set(numbers.map(scalar)).size, numbers.length);
  for (const number of numbers) assert.ok(Object.is((scalar(number).attributes["elements"] as number[])[0], number));
});

Deno.test("values cannot be changed", () => {
  assert.ok(Object.isFrozen(scalar(1)));
});

Deno.test("topologicalOrder() lists inputs before users, each value once", () => {
  const x = input("x", [2]), squared = o.mul(x, x), both = o.add(squared, o.neg(x));
  const order = topologicalOrder([both, squared]);
  assert.equal(new Set(order).size, order.length);
  order.forEach((value, index) => {
    for (const operand of value.inputs) assert.ok(order.indexOf(operand) < index);
  });
  assert.deepEqual(order, [x, squared, o.neg(x), both]);
});

Deno.test("topologicalOrder() follows the structure, not the order of construction", () => {
  const late = o.exp(input("late", [2])), early = o.exp(input("early", [2]));
  assert.deepEqual(
    topologicalOrder([o.add(early, late)]).map((value) => value.op === "input" ? leafName(value) : value.op),
    [
      "early",
      "exp",
      "late",
      "exp",
      "add",
    ],
  );
});

Deno.test("topologicalOrder() handles a chain of twenty thousand values", () => {
  let value = input("x", []);
  for (let step = 0; step < 20_000; step++) value = step % 2 === 0 ? o.neg(value) : o.exp(value);
  assert.equal(topologicalOrder([value]).length, 20_001);
});

Deno.test("topologicalOrder() visits shared values once, however many paths lead there", () => {
  let value = input("x", []);
  for (let step = 0; step < 60; step++) value = o.add(value, value);
  assert.equal(topologicalOrder([value]).length, 61);
});

Deno.test("leavesOf() lists the leaves of one kind by name", () => {
  const [b, a] = [parameter("b", [2]), parameter("a", [2])];
  const program = { name: "leaves", outputs: { y: o.add(o.mul(b, input("x", [2])), a), z: b } };
  assert.deepEqual(leavesOf(program, "parameter"), [a, b]);
  assert.deepEqual(leavesOf(program, "weight"), []);
  assert.ok(leavesOf(program, "input").every(isLeaf));
});

Deno.test("dependants() are the values that the sources reach, including themselves", () => {
  const x = input("x", [2]), w = parameter("w", [2]);
  const frozen = o.exp(x), product = o.mul(frozen, w), result = o.add(product, frozen);
  const order = valuesOf({ name: "reach", outputs: { result } });
  assert.deepEqual(dependants(order, [w]), new Set([w, product, result]));
  assert.deepEqual(dependants(order, []), new Set());
});

Deno.test("leafName() refuses values without a name", () => {
  assert.equal(leafName(input("x", [2])), "x");
  for (const value of [scalar(1), o.neg(input("x", [2]))]) assert.throws(() => leafName(value), TypeError);
});
