/** What the host feeds for one run of tokens: the tokens, and where they stand. @module */
import type { Architecture, Classifier } from "../../models/architecture/architecture.ts";
import { distanceRow, type DistanceTable } from "../../models/architecture/distances.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import { bucketFeed } from "./distance_buckets.ts";

/** Tensors by name, ready to feed. */
export type Feeds = Record<string, HostTensor>;

/** One row of a run. */
export interface RunRow {
  readonly tokens: readonly number[];
  /** The first token's position. */
  readonly start: number;
  /** Which of a pair's texts each token belongs to; the first if left out. */
  readonly types?: readonly number[];
}

/** The places before a run that its tokens see. */
export interface Past {
  readonly width: number;
  /** How many of the places each row has filled, from the left; one number if all rows have as many. */
  readonly filled: readonly number[];
}

const noPast: Past = { width: 0, filled: [0] };

/**
 * What a run is fed, rows padded on the right; names and shapes as `runInputs` declares them.
 *
 * @param encoded How many tokens an encoder has read for each row, where the run sees them and their mask is to be fed.
 */
export function runFeeds(
  name: string,
  rows: readonly RunRow[],
  length: number,
  architecture: Pick<Architecture, "heads" | "places">,
  past: Past = noPast,
  encoded?: readonly number[],
): Feeds {
  const { angles, masks, positions, keyPositions, tokenTypes, pooled, distances, present, buckets } =
    architecture.places;
  const feeds: Feeds = { [`${name}.tokens`]: perToken(rows, length, ({ tokens }, at) => tokens[at] ?? 0) };
  for (const [kind, { inverseFrequencies, rotaryScale }] of Object.entries(angles)) {
    const pairs = inverseFrequencies.length, shape = [rows.length, length, pairs];
    const cosines = new Float32Array(rows.length * length * pairs), sines = new Float32Array(cosines.length);
    rows.forEach(({ start }, row) => {
      for (let at = 0; at < length; at++) {
        const place = (row * length + at) * pairs;
        for (let pair = 0; pair < pairs; pair++) {
          const angle = (start + at) * inverseFrequencies[pair]!;
          cosines[place + pair] = Math.cos(angle) * rotaryScale;
          sines[place + pair] = Math.sin(angle) * rotaryScale;
        }
      }
    });
    feeds[`${name}.cosines.${kind}`] = { data: cosines, shape };
    feeds[`${name}.sines.${kind}`] = { data: sines, shape };
  }
  const seen = seenRows(rows, architecture, past);
  for (const [kind, reach] of Object.entries(masks)) {
    feeds[`${name}.mask.${kind}`] = maskOf(seen, length, architecture, past.width, reach ?? Infinity);
  }
  if (positions !== undefined) {
    // A row's padding may lie behind the last position that the model has.
    const end = ({ tokens, start }: RunRow) => start + Math.max(0, tokens.length - 1);
    feeds[`${name}.positions`] = perToken(rows, length, (row, at) => {
      return positions.offset + Math.min(row.start + at, end(row));
    });
  }
  if (keyPositions) {
    const width = past.width + length, data = new Float32Array(seen.length * width);
    seen.forEach(({ filled }, row) => {
      for (let key = 0; key < width; key++) {
        data[row * width + key] = key < past.width ? key : filled + key - past.width;
      }
    });
    feeds[`${name}.keyPositions`] = { data, shape: [seen.length, 1, 1, width] };
  }
  if (distances !== undefined) Object.assign(feeds, distancesOf(name, distances, length));
  if (present) feeds[`${name}.present`] = presenceOf(rows, length);
  if (pooled !== undefined) feeds[`${name}.pooling`] = poolingOf(pooled, rows, length);
  if (buckets !== undefined) feeds[`${name}.buckets`] = bucketFeed(length, buckets, architecture.places, past);
  if (encoded !== undefined) feeds[`${name}.mask.encoded`] = encodedMask(encoded);
  if (tokenTypes) feeds[`${name}.tokenTypes`] = perToken(rows, length, ({ types }, at) => types?.[at] ?? 0);
  return feeds;
}

/** The mask [rows, 1, 1, context] of what an encoder has read of each row. */
export function encodedMask(lengths: readonly number[]): HostTensor {
  const width = Math.max(1, ...lengths), data = new Float32Array(lengths.length * width);
  lengths.forEach((length, row) => data.fill(maskedScore, row * width + length, (row + 1) * width));
  return { data, shape: [lengths.length, 1, 1, width] };
}

function perToken(rows: readonly RunRow[], length: number, of: (row: RunRow, at: number) => number): HostTensor {
  const data = new BigInt64Array(rows.length * length);
  rows.forEach((row, index) => {
    for (let at = 0; at < length; at++) data[index * length + at] = BigInt(of(row, at));
  });
  return { data, shape: [rows.length, length] };
}

/** The rows of the table for the distances from so many tokens back to as many ahead, and the other way round. */
function distancesOf(name: string, table: DistanceTable, length: number): Feeds {
  const back = Array.from({ length: 2 * length + 1 }, (_, at) => BigInt(distanceRow(table, length - at)));
  const fed = (rows: readonly bigint[]) => ({ data: BigInt64Array.from(rows), shape: [rows.length] });
  return { [`${name}.distances.back`]: fed(back), [`${name}.distances.ahead`]: fed(back.toReversed()) };
}

/** Where there are tokens, [rows, length, 1]. */
function presenceOf(rows: readonly RunRow[], length: number): HostTensor {
  const data = new Float32Array(rows.length * length);
  rows.forEach(({ tokens }, row) => data.fill(1, row * length, row * length + tokens.length));
  return { data, shape: [rows.length, length, 1] };
}

/** How much of each place of a row its pooled hidden state has [rows, 1, length]. */
export function poolingOf(pooled: Classifier["pooled"], rows: readonly RunRow[], length: number): HostTensor {
  const data = new Float32Array(rows.length * length);
  rows.forEach(({ tokens: { length: own } }, row) => {
    const start = row * length;
    if (pooled === "mean") data.fill(1 / own, start, start + own);
    else data[start + (pooled === "first" ? 0 : own - 1)] = 1;
  });
  return { data, shape: [rows.length, 1, length] };
}

/** What a row sees: so many places of the past, and so many of its own tokens. */
interface SeenRow {
  readonly filled: number;
  readonly own: number;
}

/** One row for all where they see alike: padding behind a row's tokens is seen by none of them if attention is causal. */
function seenRows(rows: readonly RunRow[], { places }: Pick<Architecture, "places">, { filled }: Past): SeenRow[] {
  if (places.causal) return filled.map((count) => ({ filled: count, own: Infinity }));
  return rows.map(({ tokens }, row) => ({ filled: filled[row] ?? filled[0] ?? 0, own: tokens.length }));
}

/** What is added to the score of a key that a query may not see: its probability becomes exactly 0. */
export const maskedScore = -1e9;

/** The mask [rows, 1, group · length, past + length], the rows of one query head together. */
function maskOf(
  rows: readonly SeenRow[],
  length: number,
  { heads: { heads, keyValueHeads }, places: { causal } }: Pick<Architecture, "heads" | "places">,
  past: number,
  reach: number,
): HostTensor {
  const group = heads / keyValueHeads, width = past + length, block = length * width;
  const data = new Float32Array(rows.length * group * block);
  rows.forEach(({ filled, own }, row) => {
    const all = data.subarray(row * group * block, (row + 1) * group * block);
    for (let query = 0; query < length; query++) {
      const start = query * width;
      for (let key = 0; key < past; key++) {
        if (key >= filled || filled + query - key >= reach) all[start + key] = maskedScore;
      }
      for (let key = 0; key < length; key++) {
        const distance = causal ? query - key : Math.abs(query - key);
        if (distance < 0 || distance >= reach || key >= own) all[start + past + key] = maskedScore;
      }
    }
    for (let copy = 1; copy < group; copy++) all.copyWithin(copy * block, 0, block);
  });
  return { data, shape: [rows.length, 1, group * length, width] };
}
