import { RequestError } from "../common/errors.ts";
import { createRandom } from "./random.ts";

/** How examples are divided into batches. */
interface BatchOptions {
  /** The number of examples. */
  readonly count: number;
  /** Examples per batch; an epoch's last batch may have fewer. */
  readonly batchSize: number;
  readonly epochs: number;
  /** Whether each epoch has its own random order; otherwise all keep the examples' order. */
  readonly shuffle: boolean;
  readonly seed: number;
}

/**
 * The examples of every batch, over all epochs in order. Each epoch's order depends only on the seed and the epoch.
 *
 * @returns `[epochs × ⌈count / batchSize⌉]` batches of example indices from 0.
 * @throws {RequestError} If a number is not whole or too small.
 *
 * @example Three examples, two at a time
 * ```ts
 * import assert from "node:assert/strict";
 * import { batchOrder } from "./batches.ts";
 *
 * const batches = batchOrder({ count: 3, batchSize: 2, epochs: 1, shuffle: false, seed: 0 });
 * assert.deepEqual(batches, [[0, 1], [2]]);
 * ```
 */
export function batchOrder({ count, batchSize, epochs, shuffle, seed }: BatchOptions): number[][] {
  for (
    const [name, value, least] of [["count", count, 0], ["batchSize", batchSize, 1], ["epochs", epochs, 0]] as const
  ) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RequestError(
        `expected ${name} to be a whole number of at least ${least} but found ${value}; correct it`,
      );
    }
  }
  const inOrder = Array.from({ length: count }, (_, index) => index);
  const batches: number[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffle ? createRandom(seed, "epoch", epoch).shuffle(inOrder) : inOrder;
    for (let start = 0; start < count; start += batchSize) batches.push(order.slice(start, start + batchSize));
  }
  return batches;
}

/**
 * Partitions a batch into groups of similar length that run together, each padded to its longest item, at the lowest
 * total cost: the sum over the groups of size × longest + overhead.
 *
 * Some optimal partition consists of contiguous runs of the items sorted by length, so that best(j) = min over i < j of
 * best(i) + (j − i)·length(j − 1) + overhead finds it, in O(n²).
 *
 * @param items One batch.
 * @param length An item's length in tokens.
 * @param options `overhead`: the cost of one more group, in tokens. `most`: the maximum number of padded tokens in a
 * group, unless it is a single item.
 * @returns Groups from short to long, each sorted by length; items of equal length keep their order.
 */
export function groupByLength(
  items: readonly number[],
  length: (item: number) => number,
  options: { readonly overhead: number; readonly most?: number },
): number[][] {
  const { overhead, most = Infinity } = options;
  const sorted = items.map((item) => ({ item, length: length(item) })).sort((a, b) => a.length - b.length);
  const best = [0];
  const starts = [0];
  sorted.forEach(({ length: longest }, index) => {
    let [cost, start] = [Infinity, index];
    for (let from = 0; from <= index; from++) {
      const tokens = (index + 1 - from) * longest;
      if (tokens > most && from < index) continue;
      const candidate = (best[from] ?? 0) + tokens + overhead;
      if (candidate < cost) [cost, start] = [candidate, from];
    }
    best.push(cost);
    starts.push(start);
  });
  const groups: number[][] = [];
  for (let end = sorted.length; end > 0;) {
    const start = starts[end] ?? 0;
    groups.unshift(sorted.slice(start, end).map(({ item }) => item));
    end = start;
  }
  return groups;
}
