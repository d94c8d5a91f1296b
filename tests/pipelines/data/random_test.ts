import assert from "node:assert/strict";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { createRandom } from "../../../pipelines/data/random.ts";

const draw = (seed: number, ...stream: (string | number)[]) => {
  const random = createRandom(seed, ...stream);
  return Array.from({ length: 8 }, () => random.uniform());
};

Deno.test("createRandom() draws the same numbers for the same seed and stream", () => {
  assert.deepEqual(draw(42, "dropout", 3), draw(42, "dropout", 3));
});

Deno.test("createRandom() draws the recorded numbers, so that old runs can be reproduced", () => {
  const random = createRandom(42, "golden");
  assert.deepEqual(Array.from({ length: 10 }, () => random.integer(100)), [7, 22, 95, 56, 99, 10, 70, 15, 65, 9]);
});

Deno.test("createRandom() draws different numbers for different seeds and streams", () => {
  const firsts = [
    draw(42),
    draw(43),
    draw(-42),
    draw(42, 1),
    draw(42, "1"),
    draw(42, "a", "b"),
    draw(42, "ab"),
    draw(42, "epoch", 0),
    draw(42, "epoch", 1),
  ].map(([first]) => first);
  assert.equal(new Set(firsts).size, firsts.length);
});

Deno.test("createRandom() draws independent first numbers for consecutive seeds", () => {
  const firsts = Array.from({ length: 4000 }, (_, seed) => createRandom(seed).uniform());
  assert.ok(Math.abs(mean(firsts) - 0.5) < 0.02);
  assert.ok(Math.abs(mean(firsts.map((value) => (value - 0.5) ** 2)) - 1 / 12) < 0.005);
  const products = firsts.slice(1).map((value, index) => (value - 0.5) * ((firsts[index] ?? 0) - 0.5));
  assert.ok(Math.abs(mean(products)) < 0.005);
});

Deno.test("createRandom() rejects a seed that is not finite", () => {
  assert.throws(() => createRandom(NaN), RequestError);
  assert.throws(() => createRandom(1, "epoch", Infinity), RequestError);
});

Deno.test("uniform() stays in [0, 1)", () => {
  const random = createRandom(1, "uniform");
  for (let index = 0; index < 10_000; index++) {
    const value = random.uniform();
    assert.ok(value >= 0 && value < 1);
  }
});

Deno.test("integer() draws each number about equally often", () => {
  const random = createRandom(1, "integer");
  const counts = [0, 0, 0, 0, 0];
  for (let index = 0; index < 10_000; index++) {
    const value = random.integer(5);
    counts[value] = (counts[value] ?? NaN) + 1;
  }
  assert.equal(counts.length, 5);
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 200, `${counts}`);
});

Deno.test("integer() rejects a range that is empty or not whole", () => {
  const random = createRandom(1);
  assert.equal(random.integer(1), 0);
  for (const n of [0, -1, 1.5, NaN]) assert.throws(() => random.integer(n), RangeError);
});

Deno.test("normal() has mean 0, variance 1 and normal tails", () => {
  const random = createRandom(1, "normal");
  const values = Array.from({ length: 20_000 }, () => random.normal());
  assert.ok(Math.abs(mean(values)) < 0.03);
  assert.ok(Math.abs(mean(values.map((value) => value ** 2)) - 1) < 0.04);
  assert.ok(Math.abs(mean(values.map((value) => value ** 4)) - 3) < 0.3);
  assert.ok(values.every(Number.isFinite));
});

Deno.test("shuffle() returns a permutation and does not change its input", () => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  const shuffled = createRandom(1, "shuffle").shuffle(items);
  assert.notDeepEqual(shuffled, items);
  assert.deepEqual(shuffled.toSorted((a, b) => a - b), items);
  assert.deepEqual(items, items.toSorted((a, b) => a - b));
});

Deno.test("shuffle() returns every order about equally often", () => {
  const random = createRandom(1, "orders");
  const counts = new Map<string, number>();
  for (let index = 0; index < 6000; index++) {
    const order = random.shuffle(["a", "b", "c"]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 150, `${[...counts]}`);
});

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
