/** The buckets of distances that the host feeds. @module */
import type { DistanceBuckets, PlaceKinds } from "../../models/architecture/architecture.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import type { Past } from "./run_feeds.ts";

const { fround } = Math;

/**
 * The bucket of a key's distance from a query (Raffel et al. 2020), in single precision as transformers computes it.
 *
 * @param distance The key's position less the query's.
 * @param causal Whether tokens see none of those behind them, which then fall into the nearest bucket.
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

/** The buckets [rows, length, past + length] of a run's tokens; one row where all have as many tokens before them. */
export function bucketFeed(
  length: number,
  buckets: DistanceBuckets,
  { causal }: Pick<PlaceKinds, "causal">,
  { width, filled }: Past,
): HostTensor {
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
}
