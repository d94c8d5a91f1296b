import assert from "node:assert/strict";
import { batchOrder, groupByLength } from "../../../pipelines/data/batches.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import { RequestError } from "../../../pipelines/common/errors.ts";

const options = { count: 10, batchSize: 4, epochs: 3, shuffle: true, seed: 42 };

Deno.test("batchOrder() keeps the file's order without shuffling, with a smaller last batch", () => {
  const epoch = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]];
  assert.deepEqual(batchOrder({ ...options, shuffle: false, epochs: 2 }), [...epoch, ...epoch]);
});

Deno.test("batchOrder() uses every example once per epoch and orders each epoch differently", () => {
  const batches = batchOrder(options);
  assert.deepEqual(batches.map((batch) => batch.length), [4, 4, 2, 4, 4, 2, 4, 4, 2]);
  const epochs = [0, 3, 6].map((start) => batches.slice(start, start + 3).flat());
  for (const epoch of epochs) assert.deepEqual(epoch.toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(new Set(epochs.map(String)).size, 3);
});

Deno.test("batchOrder() depends on the seed and the epoch, but not on the number of epochs", () => {
  assert.deepEqual(batchOrder(options), batchOrder(options));
  assert.notDeepEqual(batchOrder(options), batchOrder({ ...options, seed: 43 }));
  assert.deepEqual(batchOrder({ ...options, epochs: 1 }), batchOrder(options).slice(0, 3));
});

Deno.test("batchOrder() rejects invalid numbers", () => {
  for (const wrong of [{ batchSize: 0 }, { batchSize: 2.5 }, { count: -1 }, { epochs: NaN }]) {
    assert.throws(() => batchOrder({ ...options, ...wrong }), RequestError);
  }
  assert.deepEqual(batchOrder({ ...options, count: 0 }), []);
});

Deno.test("groupByLength() makes one group if a further run costs more than padding", () => {
  const lengths = [5, 3, 9, 3];
  assert.deepEqual(groupByLength([0, 1, 2, 3], (item) => lengths[item] ?? 0, { overhead: 1000 }), [[1, 3, 0, 2]]);
});

Deno.test("groupByLength() makes one group per length if a further run costs nothing", () => {
  const lengths = [5, 3, 9, 3];
  assert.deepEqual(groupByLength([3, 0, 1, 2], (item) => lengths[item] ?? 0, { overhead: 0 }), [[3, 1], [0], [2]]);
});

Deno.test("groupByLength() separates long items from short ones", () => {
  const lengths = [10, 200, 12, 210, 11];
  assert.deepEqual(groupByLength([0, 1, 2, 3, 4], (item) => lengths[item] ?? 0, { overhead: 20 }), [[0, 4, 2], [1, 3]]);
});

Deno.test("groupByLength() limits the tokens of groups, except for single items", () => {
  const lengths = [10, 30, 10, 12];
  const grouped = (most: number) => groupByLength([0, 1, 2, 3], (item) => lengths[item] ?? 0, { overhead: 1000, most });
  assert.deepEqual(grouped(120), [[0, 2, 3, 1]]);
  assert.deepEqual(grouped(119), [[0, 2, 3], [1]]);
  assert.deepEqual(grouped(5), [[0], [2], [3], [1]]);
});

Deno.test("groupByLength() takes no items or a single one", () => {
  assert.deepEqual(groupByLength([], () => 1, { overhead: 1 }), []);
  assert.deepEqual(groupByLength([7], () => 1, { overhead: 1 }), [[7]]);
});

Deno.test("groupByLength() costs no more than any other partition", () => {
  const random = createRandom(5, "lengths");
  for (let trial = 0; trial < 40; trial++) {
    const lengths = Array.from({ length: 1 + random.integer(6) }, () => random.integer(40));
    const overhead = random.integer(30);
    const items = lengths.map((_, index) => index);
    const cost = (groups: readonly (readonly number[])[]) =>
      groups.reduce((sum, group) => sum + group.length * Math.max(...group.map((i) => lengths[i] ?? 0)) + overhead, 0);
    const groups = groupByLength(items, (item) => lengths[item] ?? 0, { overhead });
    assert.deepEqual(groups.flat().toSorted((a, b) => a - b), items);
    assert.equal(cost(groups), Math.min(...partitions(items).map(cost)));
  }
});

/** Every partition of items into groups. */
function partitions(items: readonly number[]): number[][][] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return partitions(rest).flatMap((groups) => [
    [[first], ...groups],
    ...groups.map((group, index) => groups.with(index, [first, ...group])),
  ]);
}
