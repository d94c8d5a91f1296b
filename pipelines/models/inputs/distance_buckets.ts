/** The buckets that distances between tokens fall into (Raffel et al. 2020). @module */
import { addDimensions } from "../../../ops/program/dimension.ts";
import type { InputKind, Tensor } from "./input_kind.ts";

/**
 * How distances are assigned to buckets: one bucket for each of the shortest, then equally many for each doubling.
 * Without causal attention, half of the buckets are for later tokens.
 */
export interface DistanceBuckets {
  readonly count: number;
  /** Distances from this one on share the last bucket. */
  readonly most: number;
}

/** The bucket of each key's distance from each query, int64 [batch or 1, length, keys]. */
export const distanceBuckets: InputKind<DistanceBuckets, Tensor> = {
  declare: (_, { length, seen, before }) => ({
    shape: [before.length === 0 ? 1 : seen, length, addDimensions(...before, length)],
    dtype: "int64",
  }),
  fill(buckets, { length, causal, past: { width, filled } }) {
    const keys = width + length, data = new BigInt64Array(filled.length * length * keys);
    const known = new Map<number, bigint>();
    const named = (distance: number) => {
      return known.getOrInsertComputed(distance, () => BigInt(bucketOf(distance, buckets, causal)));
    };
    filled.forEach((before, row) => {
      for (let query = 0; query < length; query++) {
        const start = (row * length + query) * keys, position = before + query;
        for (let key = 0; key < keys; key++) {
          data[start + key] = named((key < width ? key : before + key - width) - position);
        }
      }
    });
    return { data, shape: [filled.length, length, keys] };
  },
  exported: { notExportable: "scores buckets of distances between tokens" },
};

const { fround } = Math;

/**
 * The bucket of a key's distance from a query, in single precision as transformers computes it.
 *
 * @param distance The key's position minus the query's.
 * @param causal Whether attention is causal, so that later tokens are assigned to the nearest bucket.
 */
export function bucketOf(distance: number, { count, most }: DistanceBuckets, causal: boolean): number {
  const own = causal ? count : Math.floor(count / 2);
  const first = !causal && distance > 0 ? own : 0;
  const far = causal ? Math.max(-distance, 0) : Math.abs(distance);
  const exact = Math.floor(own / 2);
  if (far < exact) return first + far;
  const doublings = fround(fround(Math.log(fround(far / exact))) / fround(Math.log(most / exact)));
  return first + Math.min(own - 1, exact + Math.trunc(fround(doublings * (own - exact))));
}
