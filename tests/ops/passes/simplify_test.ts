import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import type { Bindings } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program, scalar, type Value, valuesOf, weight } from "../../../ops/program/program.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { randomSymbols, randomValues } from "../random_program.ts";
import { interpret } from "../reference.ts";
import { assertClose, drawLeaves, leavesBelow, weighted } from "../support.ts";

const x = input("x", ["batch", 4]), y = input("y", ["batch", 4]), square = input("square", [4, 4]);
const rows = input("rows", ["batch", 1]), narrow = input("narrow", [4, 2]), cube = input("cube", [2, 3, 4]);
const head = weight("head", [5, 4]), logits = input("logits", ["batch", 5]);
const labels = input("labels", ["batch", 1], "int64");
const row = input("row", [4]), symbols = { batch: 3 };

function assertSameMeaning(before: Program, after: Program, bindings: Bindings): void {
  const environment = drawLeaves(Object.values(before.outputs), bindings, { labels: (_, offset) => offset % 5 });
  const expected = interpret(before, environment), found = interpret(after, environment);
  assert.deepEqual(Object.keys(found), Object.keys(expected));
  for (const name in expected) assertClose(found[name]!, expected[name]!, 1e-9, name);
}

const product = o.matmul(x, square);
const turned = input("turned", ["batch", 3, 8]), cosines = input("cosines", ["batch", 3, 2]);
const sines = input("sines", ["batch", 3, 2]);

/** A value before and after simplification. */
const fires: Record<string, readonly [before: Value, after: Value]> = {
  "adding 0": [o.add(x, 0), x],
  "adding to 0": [o.add(0, x), x],
  "subtracting 0": [o.sub(x, 0), x],
  "multiplying by 1": [o.mul(x, 1), x],
  "multiplying 1": [o.mul(1, x), x],
  "adding a negation": [o.add(x, o.neg(y)), o.sub(x, y)],
  "adding to a negation": [o.add(o.neg(x), y), o.sub(y, x)],
  "subtracting a negation": [o.sub(x, o.neg(y)), o.add(x, y)],
  "negating twice": [o.neg(o.neg(x)), x],
  "a product of numbers": [o.mul(scalar(2), scalar(3)), scalar(6)],
  "constant factors of a product": [o.mul(x, o.mul(scalar(2), scalar(0.5))), x],
  "scaling a matrix product": [o.mul(product, 0.5), o.matmul(x, square, { alpha: 0.5 })],
  "scaling a matrix product twice": [
    o.mul(3, o.mul(o.matmul(x, square, { alpha: 2 }), 0.5)),
    o.matmul(x, square, { alpha: 3 }),
  ],
  "negating a matrix product": [
    o.neg(o.matmul(x, square, { transposeB: true, alpha: 2 })),
    o.matmul(x, square, { transposeB: true, alpha: -2 }),
  ],
  "reshaping twice": [o.reshape(o.reshape(cube, [6, 4]), [24]), o.reshape(cube, [24])],
  "reshaping there and back": [o.reshape(o.reshape(cube, [6, 4]), [2, 3, 4]), cube],
  "moving axes of one element": [
    o.transpose(o.reshape(cube, [2, 1, 3, 1, 4]), [0, 3, 2, 4, 1]),
    o.reshape(cube, [2, 1, 3, 4, 1]),
  ],
  "scaling a rotation": [
    o.mul(o.rotary(turned, cosines, sines, 2), 0.5),
    o.rotary(turned, o.mul(cosines, 0.5), o.mul(sines, 0.5), 2),
  ],
  "transposing twice": [o.transpose(o.transpose(cube, [1, 2, 0]), [1, 2, 0]), o.transpose(cube, [2, 0, 1])],
  "transposing in different orders": [
    o.transpose(o.transpose(cube, [1, 0, 2]), [0, 2, 1]),
    o.transpose(cube, [1, 2, 0]),
  ],
  "transposing there and back": [o.transpose(o.transpose(cube, [1, 2, 0]), [2, 0, 1]), cube],
  "slicing off padding at the end": [o.slice(o.pad(x, 1, 0, 3), 1, 0, 4), x],
  "slicing off padding in front": [o.slice(o.pad(x, 1, 3, 0), 1, 3, 7), x],
  "slicing off padding of symbolic size": [o.slice(o.pad(x, 1, "batch", 1), 1, "batch", "batch+4"), x],
  "slicing the first of two parts": [o.slice(o.concat([x, rows], 1), 1, 0, 4), x],
  "slicing the second of two parts": [o.slice(o.concat([x, rows], 1), 1, 4, 5), rows],
  "slicing a symbolic part": [o.slice(o.concat([x, square, y], 0), 0, "batch+4", "2*batch+4"), y],
  "a product of scaled rows": [o.matmul(o.mul(x, rows), narrow), o.mul(o.matmul(x, narrow), rows)],
  "a product of rows scaled from the left": [o.matmul(o.mul(rows, x), narrow), o.mul(o.matmul(x, narrow), rows)],
  "a product of a scaled operand": [o.matmul(o.mul(x, 2), narrow), o.matmul(x, narrow, { alpha: 2 })],
  "two paddings side by side": [
    o.add(o.pad(x, 1, 1, "batch+2"), o.pad(rows, 1, 5, "batch+1")),
    o.pad(o.concat([x, rows], 1), 1, 1, "batch+1"),
  ],
  "the gradient of a cross-entropy times a frozen head": [
    o.matmul(o.crossEntropyGradient(logits, labels), head, { alpha: 2 }),
    o.sub(
      o.matmul(o.softmax(logits), head, { alpha: 2 }),
      o.mul(o.reshape(o.gatherRows(head, labels), ["batch", 4]), 2),
    ),
  ],
  "a match below another match": [o.add(o.exp(o.mul(x, 1)), o.neg(o.neg(o.neg(y)))), o.sub(o.exp(x), y)],
};

for (const [name, [before, after]] of Object.entries(fires)) {
  Deno.test(`simplify() handles ${name}`, () => {
    const program = verify({ name, outputs: { result: before } }), simplified = verify(simplify(program));
    assert.equal(simplified.outputs["result"], after);
    assertSameMeaning(program, simplified, symbols);
  });
}

/** Values that resemble a rule's pattern, but don't match it. */
const holds: Record<string, Value> = {
  "adding a 0 that broadcasts": o.add(input("one", []), o.expand(scalar(0), [3])),
  "subtracting a 0 that broadcasts": o.sub(row, o.expand(scalar(0), [2, 4])),
  "subtracting from 0": o.sub(0, x),
  "a slice with part of the padding": o.slice(o.pad(x, 1, 1, 1), 1, 0, 5),
  "a slice along another axis than the padding": o.slice(o.pad(square, 1, 0, 1), 0, 0, 3),
  "a slice across two parts": o.slice(o.concat([x, rows], 1), 1, 3, 5),
  "scaled rows of a wider product": o.matmul(o.mul(x, rows), input("wide", [4, 9])),
  "scaled columns": o.matmul(o.mul(x, row), narrow),
  "scaled rows that are transposed": o.matmul(o.mul(square, input("four", [4, 1])), narrow, { transposeA: true }),
  "a row that scaling broadcasts to a matrix": o.matmul(o.mul(row, rows), narrow),
  "paddings with a gap between": o.add(o.pad(x, 1, 0, 6), o.pad(rows, 1, 5, 4)),
  "paddings that overlap": o.add(o.pad(x, 1, 0, 4), o.pad(y, 1, 3, 1)),
  "the gradient of a cross-entropy times a trained head": o.matmul(
    o.crossEntropyGradient(logits, labels),
    parameter("trained", [5, 4]),
  ),
  "a separate scale for each matrix": o.matmul(o.mul(x, rows), input("batched", [2, 4, 2])),
};

for (const [name, value] of Object.entries(holds)) {
  Deno.test(`simplify() leaves ${name}`, () => {
    const program = verify({ name, outputs: { result: value, witness: x } });
    const simplified = verify(simplify(program));
    assert.equal(simplified.outputs["result"], value);
  });
}

Deno.test("simplify() preserves random programs and their gradients, and is idempotent", () => {
  let shrunk = 0;
  for (let seed = 0; seed < 60; seed++) {
    const values = randomValues(seed, 24), wanted = leavesBelow(values.slice(0, 8), "parameter");
    const roots = values.slice(-4), loss = roots.map(weightedBy).reduce((left, right) => o.add(left, right));
    const found = gradients(loss, wanted).flatMap((gradient) => gradient ?? []);
    const outputs = Object.fromEntries([...roots, ...found].map((value, index) => [`result${index}`, value]));
    const program = verify({ name: `random ${seed}`, outputs: { ...outputs, witness: values[0]! } });
    const simplified = verify(simplify(program));
    for (const bindings of randomSymbols) assertSameMeaning(program, simplified, bindings);
    assert.deepEqual(simplify(simplified), simplified, "a second pass changes nothing");
    if (valuesOf(simplified).length < valuesOf(program).length) shrunk++;
  }
  assert.ok(shrunk > 20, `only ${shrunk} programs became smaller`);
});

function weightedBy(value: Value): Value {
  const scaled = o.mul(value, value);
  return o.reduceSum(scaled, scaled.shape.map((_, axis) => axis));
}

Deno.test("simplify() keeps results' names, order and leaves", () => {
  const program = { name: "names", outputs: { b: o.add(x, 0), a: x, c: weighted(x) } };
  assert.deepEqual(Object.entries(simplify(program).outputs), [["b", x], ["a", x], ["c", program.outputs.c]]);
});
