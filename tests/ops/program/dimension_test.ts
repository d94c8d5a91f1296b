import assert from "node:assert/strict";
import {
  addDimensions,
  type Dimension,
  divideDimensions,
  elementCount,
  evaluateDimension,
  evaluateShape,
  isSymbol,
  multiplyDimensions,
  sameShape,
  shapeSymbols,
  subtractDimensions,
  termsOf,
} from "../../../ops/program/dimension.ts";
import { createRandom, type Random } from "../../../pipelines/data/random.ts";

Deno.test("addDimensions() writes a sum the same way in any order", () => {
  assert.equal(addDimensions("tail", "context"), "context+tail");
  assert.equal(addDimensions("context", "tail"), "context+tail");
  assert.equal(addDimensions("context+tail", 1, "tail"), "context+2*tail+1");
  assert.equal(addDimensions(1, "tail", -1), "tail");
  assert.equal(addDimensions(2, 3), 5);
  assert.equal(addDimensions(), 0);
});

Deno.test("subtractDimensions() of equal dimensions is 0", () => {
  assert.equal(subtractDimensions("batch*tail", multiplyDimensions("tail", "batch")), 0);
  assert.equal(subtractDimensions("context+tail", "context"), "tail");
  assert.equal(subtractDimensions("context", "context+tail"), "-tail");
  assert.equal(subtractDimensions(3, "tail"), "-tail+3");
  assert.equal(subtractDimensions("2*tail-1", "tail-1"), "tail");
  assert.equal(subtractDimensions(2, 5), -3);
});

Deno.test("multiplyDimensions() distributes and sorts", () => {
  assert.equal(multiplyDimensions("tail", "batch", 2), "2*batch*tail");
  assert.equal(multiplyDimensions("context+tail", "batch"), "batch*context+batch*tail");
  assert.equal(multiplyDimensions("tail-1", "tail+1"), "tail*tail-1");
  assert.equal(multiplyDimensions("tail", 0), 0);
  assert.equal(multiplyDimensions("tail", -1), "-tail");
  assert.equal(multiplyDimensions(), 1);
  assert.equal(elementCount(["batch", 3, "tail", 2]), "6*batch*tail");
  assert.equal(elementCount([]), 1);
});

Deno.test("divideDimensions() returns only whole quotients", () => {
  assert.equal(divideDimensions("3*batch", "batch"), 3);
  assert.equal(divideDimensions("4*batch*tail+2*tail", "2*batch*tail+tail"), 2);
  assert.equal(divideDimensions(12, 4), 3);
  for (
    const [whole, part] of [["3*batch", "2*batch"], ["batch", "tail"], ["2*batch+tail", "batch"], [5, 2], [
      3,
      0,
    ]] as const
  ) {
    assert.throws(() => divideDimensions(whole, part), RangeError);
  }
});

Deno.test("evaluateDimension() substitutes numbers for symbols", () => {
  assert.equal(evaluateDimension("2*batch*tail-tail+context+3", { batch: 4, tail: 5, context: 6 }), 44);
  assert.equal(evaluateDimension("tail*tail", { tail: 7 }), 49);
  assert.equal(evaluateDimension(8, {}), 8);
  assert.deepEqual(evaluateShape(["batch", 2, "batch+1"], { batch: 3 }), [3, 2, 4]);
});

Deno.test("evaluateDimension() names a symbol without a value", () => {
  assert.throws(() => evaluateDimension("batch*tail", { batch: 1 }), (error: Error) => {
    return error instanceof RangeError && error.message.includes("tail");
  });
});

Deno.test("isSymbol() accepts only a bare symbol", () => {
  for (const symbol of ["batch", "tail2", "B"]) assert.ok(isSymbol(symbol), symbol);
  for (const other of [3, "2*batch", "-batch", "batch+tail", "batch*tail", ""]) assert.equal(isSymbol(other), false);
});

Deno.test("shapeSymbols() finds the symbols inside polynomials", () => {
  assert.deepEqual([...shapeSymbols(["batch", 3, "2*batch*tail-context+1"])].sort(), ["batch", "context", "tail"]);
  assert.equal(shapeSymbols([1, 2]).size, 0);
});

Deno.test("sameShape() compares axis by axis", () => {
  assert.ok(sameShape(["batch", 2], ["batch", 2]));
  assert.equal(sameShape(["batch", 2], ["tail", 2]), false);
  assert.equal(sameShape(["batch"], ["batch", 1]), false);
  assert.ok(sameShape([], []));
});

/** A random dimension and its value. */
function grow(random: Random, bindings: Record<string, number>, depth: number): [Dimension, number] {
  if (depth === 0 || random.uniform() < 0.2) {
    const symbols = Object.keys(bindings), at = random.integer(symbols.length + 2);
    const number = random.integer(7) - 3, symbol = symbols[at];
    return symbol === undefined ? [number, number] : [symbol, bindings[symbol]!];
  }
  const [left, a] = grow(random, bindings, depth - 1), [right, b] = grow(random, bindings, depth - 1);
  const kind = random.integer(3);
  if (kind === 0) return [addDimensions(left, right), a + b];
  return kind === 1 ? [subtractDimensions(left, right), a - b] : [multiplyDimensions(left, right), a * b];
}

Deno.test("random polynomials evaluate to the result of the same arithmetic on numbers", () => {
  const random = createRandom(1, "dimensions"), bindings = { batch: 3, tail: 5, context: 7 };
  for (let attempt = 0; attempt < 500; attempt++) {
    const [dimension, expected] = grow(random, bindings, 4);
    assert.equal(evaluateDimension(dimension, bindings), expected + 0, String(dimension));
    assert.equal(subtractDimensions(dimension, dimension), 0);
    assert.equal(addDimensions(dimension), dimension, "the text is canonical already");
  }
});

Deno.test("random polynomials obey the laws of rings, character for character", () => {
  const random = createRandom(2, "dimensions"), bindings = { batch: 3, tail: 5, context: 7 };
  for (let attempt = 0; attempt < 200; attempt++) {
    const [a, b, c] = [0, 1, 2].map(() => grow(random, bindings, 3)[0]) as [Dimension, Dimension, Dimension];
    assert.equal(addDimensions(a, b), addDimensions(b, a));
    assert.equal(multiplyDimensions(a, b), multiplyDimensions(b, a));
    assert.equal(addDimensions(addDimensions(a, b), c), addDimensions(a, addDimensions(b, c)));
    assert.equal(
      multiplyDimensions(a, addDimensions(b, c)),
      addDimensions(multiplyDimensions(a, b), multiplyDimensions(a, c)),
    );
    assert.equal(addDimensions(subtractDimensions(a, b), b), a);
  }
});

Deno.test("termsOf() lists the terms of a dimension", () => {
  assert.deepEqual(termsOf("2*batch*tail+context-1"), [
    { factor: 2, symbols: ["batch", "tail"] },
    { factor: 1, symbols: ["context"] },
    { factor: -1, symbols: [] },
  ]);
  assert.deepEqual([termsOf(3), termsOf(0)], [[{ factor: 3, symbols: [] }], []]);
});
