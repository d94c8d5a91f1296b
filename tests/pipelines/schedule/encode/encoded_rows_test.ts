import assert from "node:assert/strict";
import { appendRow, beginRows, RowReader } from "../../../../pipelines/schedule/encode/encoded_rows.ts";
import { keyOf, Store } from "../../../../pipelines/store/store.ts";
import { test } from "../../store/support.ts";

test("RowReader reads any elements of any row, in any order", async (folder) => {
  // One row is longer than the read buffer, and one is missing.
  const counts = [5, 700_000, 0, 3], order = [3, 1, 0], key = keyOf("rows");
  const rows = counts.map((count, row) => Float32Array.from({ length: count }, (_, at) => row * 1e6 + at));
  const store = new Store(folder);
  using entry = await store.putAndOpen("encode", key, (writer) => {
    beginRows(writer, { order, count: (row) => counts[row]!, rows: counts.length });
    for (const row of order) appendRow(writer, rows[row]!);
  });
  const reader = await RowReader.of(entry);
  const read = (row: number, from: number, length: number) => {
    const target = new Float32Array(length);
    reader.readInto(row, target, from, counts[row]!);
    return target;
  };
  const asked = [
    ...[[3, 0, 1], [3, 1, 2], [3, 0, 3], [0, 0, 5], [0, 4, 1], [0, 5, 0]],
    ...[[1, 0, 10], [1, 262_140, 10], [1, 262_150, 4], [1, 5, 600_000], [1, 699_990, 10], [1, 0, 700_000], [3, 2, 1]],
  ] as [number, number, number][];
  for (const [row, from, length] of asked) {
    assert.deepEqual(read(row, from, length), rows[row]!.slice(from, from + length), `${row} ${from} ${length}`);
  }
  assert.throws(() => read(2, 0, 0), /Row 2 was not encoded/);
  assert.throws(() => read(0, 4, 2), RangeError);
});
