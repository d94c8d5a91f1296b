import assert from "node:assert/strict";
import { distanceRow } from "../../../../pipelines/models/inputs/distances.ts";

Deno.test("near distances have separate rows and far ones share rows, as in transformers", () => {
  const rows = Array.from({ length: 51 }, (_, at) => distanceRow({ span: 8, farthest: 24 }, at - 25));
  assert.deepEqual(rows.slice(0, 26), [
    ...[0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ...[2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6, 7, 8],
  ]);
  assert.deepEqual(rows.slice(26), [
    ...[9, 10, 11, 12, 13, 13, 13, 14, 14, 14, 14, 14],
    ...[15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15],
  ]);
});

Deno.test("a table without logarithmic buckets has a row for each near distance and its outermost rows for the rest", () => {
  assert.deepEqual([-9, -8, -7, 0, 7, 8, 9].map((distance) => distanceRow({ span: 8 }, distance)), [
    ...[0, 0, 1, 8, 15, 15, 15],
  ]);
});
