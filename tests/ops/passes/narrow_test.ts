import assert from "node:assert/strict";
import { linear } from "../../../ops/nn/linear.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import { narrow } from "../../../ops/passes/narrow.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, topologicalOrder, type Value, weight } from "../../../ops/program/program.ts";
import { evaluate } from "../reference.ts";
import { drawLeaves } from "../support.ts";

const symbols = { batch: 3, tail: 4 };
const hidden = input("hidden", ["batch", "tail", 6]), places = input("places", ["batch", 1], "int64");
const read = (ofTail: Value) => rowsAt(ofTail, places);
const mask = input("mask", ["batch", "tail", 1]), shift = parameter("shift", [6]);
const edited = o.add(hidden, o.mul(mask, shift));
/** Every token sees its whole row. */
const mixed = o.matmul(o.softmax(o.matmul(edited, edited, { transposeB: true })), edited);
const middle = o.layerNorm(o.add(edited, mixed), weight("norm", [6]), weight("norm.bias", [6]), 1e-5);
const inner = o.gelu(linear(middle, weight("up", [5, 6]), weight("up.bias", [5])));
const last = o.add(middle, linear(inner, weight("down", [6, 5])));

/** Asserts that a narrowed value equals the tokens read from the whole. */
function assertSame(whole: Value): void {
  const environment = drawLeaves([whole, places], symbols, { places: (_random, row) => 4 * row + (row + 1) % 4 });
  const [found, expected] = evaluate([narrow(whole, read), read(whole)], environment);
  assert.deepEqual(found!.shape, [3, 6]);
  found!.data.forEach((each, at) => assert.ok(Math.abs(each - expected!.data[at]!) <= 1e-9));
}

const shapesOf = (value: Value, op: string) =>
  topologicalOrder([value]).filter((each) => each.op === op).map(({ shape }) => shape);

Deno.test("narrow() moves the read below tokenwise operations, down to where tokens are mixed", () => {
  assertSame(last);
  const narrowed = narrow(last, read);
  assert.deepEqual(shapesOf(narrowed, "gelu"), [["batch", 5]]);
  assert.deepEqual(shapesOf(narrowed, "layerNorm"), [["batch", 6]]);
  assert.deepEqual(shapesOf(narrowed, "softmax"), [["batch", "tail", "tail"]]);
  // The operand of the mixing stays whole.
  assert.ok(topologicalOrder([narrowed]).includes(edited));
});

Deno.test("narrow() leaves values whole that no parameter reaches, so that they can be kept", () => {
  const frozen = o.gelu(linear(hidden, weight("up", [6, 6]))), trained = o.add(frozen, o.mul(mask, shift));
  assertSame(trained);
  assert.ok(topologicalOrder([narrow(trained, read)]).includes(frozen));
  assert.equal(narrow(frozen, read), read(frozen));
});

const activations = {
  gelu: o.gelu,
  geluTanh: o.geluTanh,
  silu: o.silu,
  relu: o.relu,
  tanh: o.tanh,
  cos: o.cos,
  sin: o.sin,
  clamp: (x: Value) => o.clamp(x, -1, 1),
};

for (const [op, activation] of Object.entries(activations)) {
  Deno.test(`narrow() moves the read below ${op}`, () => {
    const whole = linear(activation(linear(middle, weight("up", [5, 6]))), weight("down", [6, 5]));
    assertSame(whole);
    assert.deepEqual(shapesOf(narrow(whole, read), op), [["batch", 5]]);
  });
}
