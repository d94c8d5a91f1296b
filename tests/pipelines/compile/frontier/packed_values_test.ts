import assert from "node:assert/strict";
import { input } from "../../../../ops/program/program.ts";
import { FeedBuffers, fillRow, packedValues, takeRow } from "../../../../pipelines/compile/frontier/packed_values.ts";

Deno.test("packedValues() concatenates an example's values at its own extents", () => {
  const kept = [
    { name: "key", value: input("key", ["batch", 2, "context", 4]) },
    { name: "hidden", value: input("hidden", ["batch", "tail", 8]) },
  ];
  assert.deepEqual(packedValues(kept, { batch: 1, context: 3, tail: 2 }), {
    values: [
      { name: "key", start: 0, extents: [2, 3, 4] },
      { name: "hidden", start: 24, extents: [2, 8] },
    ],
    count: 40,
  });
});

/** The second row of a batch of other numbers, after a row with the elements 1, 2, … was filled into it. */
function filled(extents: readonly number[], padded: readonly number[]): number[] {
  const size = padded.reduce((product, extent) => product * extent, 1), batch = new Float32Array(2 * size).fill(-1);
  const row = Float32Array.from({ length: extents.reduce((a, b) => a * b, 1) }, (_, at) => at + 1);
  fillRow((start, target) => target.set(row.subarray(start, start + target.length)), extents, batch, padded, 1);
  const taken = new Float32Array(row.length);
  takeRow(taken, extents, batch, padded, 1);
  assert.deepEqual(taken, row, "takeRow() is the inverse of fillRow()");
  assert.ok(batch.subarray(0, size).every((each) => each === -1), "the other row is unchanged");
  return Array.from(batch.subarray(size));
}

Deno.test("fillRow() pads the axes that are shorter than the batch's with zeros", () => {
  assert.deepEqual(filled([2, 3], [2, 3]), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(filled([2, 2], [3, 2]), [1, 2, 3, 4, 0, 0]);
  assert.deepEqual(filled([2, 2], [2, 3]), [1, 2, 0, 3, 4, 0]);
  assert.deepEqual(filled([2, 1, 2], [2, 2, 2]), [1, 2, 0, 0, 3, 4, 0, 0]);
});

Deno.test("fillRow() of an empty row is all padding", () => {
  assert.deepEqual(filled([0, 2], [2, 2]), [0, 0, 0, 0]);
});

Deno.test("FeedBuffers reuses a buffer until a batch needs a larger one", () => {
  const buffers = new FeedBuffers(), first = buffers.take("key", [2, 3]).data;
  const smaller = buffers.take("key", [5]), larger = buffers.take("key", [7]);
  assert.equal(first.length, 6);
  assert.deepEqual([smaller.data.length, smaller.data.buffer === first.buffer], [5, true]);
  assert.deepEqual([larger.data.length, larger.data.buffer === first.buffer], [7, false]);
  assert.notEqual(buffers.take("value", [7]).data.buffer, larger.data.buffer);
});
