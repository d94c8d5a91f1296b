import assert from "node:assert/strict";
import { bytesOf, flopsOf } from "../../../ops/passes/cost.ts";
import { type Dimension, evaluateDimension } from "../../../ops/program/dimension.ts";
import { frontier, type FrontierPrices } from "../../../ops/passes/frontier.ts";
import { attention, byHead } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import { input, isLeaf, parameter, type Program, type Value, weight } from "../../../ops/program/program.ts";

const symbols = { batch: 1, context: 200, tail: 8 };
const price = (dimension: Dimension, rate: number) => evaluateDimension(dimension, symbols) * rate;
const varies = (leaf: Value) => leaf.op === "parameter";

/** The prices of keeping a byte, rewriting a byte and repeating an operation. */
function prices(keptByte: number, operation: number, writtenByte = 0): FrontierPrices {
  return {
    keep: (value) => price(bytesOf(value), keptByte),
    recompute: (value) => price(flopsOf(value), operation) + price(bytesOf(value), writtenByte),
  };
}

function cut(result: Value, chosen: FrontierPrices): { kept: readonly Value[]; recomputed: readonly Value[] } {
  return frontier({ name: "cut", outputs: { result } }, varies, chosen);
}

const width = 16;
const tokens = input("tokens", ["batch", "context"], "int64");
const embedded = o.gatherRows(weight("embedding", [100, width]), tokens);
const hidden = o.tanh(o.matmul(embedded, weight("first", [width, width])));
const mean = o.reduceMean(o.matmul(hidden, weight("second", [width, width])), [2], true);

Deno.test("frontier() keeps the narrow value before a broadcast", () => {
  const wide = o.expand(mean, ["batch", "context", width]);
  const { kept, recomputed } = cut(o.mul(wide, parameter("p", [width])), prices(1, 1));
  assert.deepEqual(kept, [mean]);
  assert.deepEqual(recomputed, [wide]);
});

Deno.test("frontier() keeps the wide value where broadcasting costs more than keeping", () => {
  const wide = o.expand(mean, ["batch", "context", width]);
  const { kept, recomputed } = cut(o.mul(wide, parameter("p", [width])), prices(1, 1, 2));
  assert.deepEqual([kept, recomputed], [[wide], []]);
});

Deno.test("frontier() looks an embedding up again rather than keeping it", () => {
  const { kept, recomputed } = cut(o.mul(embedded, parameter("p", [width])), prices(1, 1));
  assert.deepEqual([kept, recomputed], [[], [embedded]]);
});

Deno.test("frontier() keeps an embedding where it may not be looked up again for free", () => {
  const { kept, recomputed } = cut(o.mul(embedded, parameter("p", [width])), prices(1, 1, 2));
  assert.deepEqual([kept, recomputed], [[embedded], []]);
});

/** A block's attention from a trained query over a frozen context whose keys and values are narrower than its state. */
function attended(): { keys: Value; values: Value; result: Value } {
  const layout = { heads: 4, keyValueHeads: 1, headWidth: 4 };
  const keys = byHead(o.matmul(hidden, weight("keys", [width, 4])), layout);
  const values = byHead(o.matmul(hidden, weight("values", [width, 4])), layout);
  const query = o.add(input("query", ["batch", "tail", width]), parameter("p", [width]));
  const mask = input("mask", ["batch", 1, 1, "context"]);
  return { keys, values, result: attention(query, [{ key: keys, value: values }], mask, layout) };
}

Deno.test("frontier() keeps keys and values rather than recomputing them", () => {
  const { keys, values, result } = attended();
  const { kept, recomputed } = cut(result, prices(1, 1));
  assert.equal(kept.length, 2);
  const elements = kept.map((value) => evaluateDimension(bytesOf(value), symbols) / 4);
  assert.deepEqual(elements, [800, 800], "the keys and the values, before or after they are split by head");
  for (const value of [keys, values]) assert.ok(kept.includes(value) || recomputed.includes(value));
});

Deno.test("frontier() recomputes everything where keeping is dear, and keeps the state at prices in between", () => {
  const { result } = attended();
  // Bytes: keys and values 2 · 4, state 16 a token. Operations: 2 · 2 · 16 · 4 = 256 from the state, 528 more below it.
  assert.deepEqual(cut(result, prices(1000, 1)).kept, []);
  const between: FrontierPrices = {
    keep: (value) => price(bytesOf(value), value === hidden ? 0.1 : 10),
    recompute: (value) => price(flopsOf(value), 1),
  };
  assert.deepEqual(cut(result, between).kept, [hidden]);
});

Deno.test("frontier() cuts nothing where only leaves and functions of weights are frozen", () => {
  const table = o.tanh(weight("w", [width, width]));
  const trained = o.mul(input("x", ["batch", width]), parameter("p", [width]));
  assert.deepEqual(cut(o.matmul(trained, table), prices(1e-9, 1e9)), { kept: [], recomputed: [] });
});

Deno.test("frontier() keeps a frozen result, since the runs must return it", () => {
  const program = { name: "both", outputs: { hidden, tuned: o.mul(hidden, parameter("p", [width])) } };
  assert.deepEqual(frontier(program, varies, prices(1, 1)).kept, [hidden]);
});

Deno.test("frontier() never keeps values that may not be kept", () => {
  const { kept, recomputed } = cut(o.mul(mean, parameter("p", [1])), {
    keep: (value) => value === mean ? Infinity : price(bytesOf(value), 1),
    recompute: (value) => price(flopsOf(value), 1),
  });
  assert.deepEqual(recomputed, [mean]);
  assert.deepEqual(kept.map((value) => value.op), ["matmul"]);
});

Deno.test("frontier() refuses prices that leave no choice", () => {
  const result = o.mul(hidden, parameter("p", [width]));
  assert.throws(() => cut(result, { keep: () => Infinity, recompute: () => Infinity }), RangeError);
});

Deno.test("frontier() depends on which leaves vary, not on their kind", () => {
  const noise = input("noise", ["batch", "context", width]), noisy = o.add(hidden, noise);
  const program: Program = { name: "noisy", outputs: { result: o.exp(noisy) } };
  const differs = (leaf: Value) => isLeaf(leaf) && leaf === noise;
  assert.deepEqual(frontier(program, differs, prices(1, 1)).kept, [hidden]);
});

Deno.test("frontier() keeps only values that the runs read, even where keeping is free", () => {
  const { kept } = cut(o.mul(mean, parameter("p", [1])), { keep: () => 0, recompute: () => 1 });
  assert.deepEqual(kept, [mean]);
});
