/**
 * What the host feeds for a group of rows: tokens, rotary angles, masks, label places.
 *
 * @module
 */
import type { TokenizedExample, TokenizedPrompt } from "../data/examples.ts";
import type { Architecture } from "../models/architecture.ts";
import type { HostTensor } from "../runtime/runtime.ts";
import { type Adaptation, interventionsOf } from "./adaptations.ts";
import { columnsOf, maskName, maskWidth } from "./interventions.ts";
import { type Layout, type SegmentName, tailStart } from "./layout.ts";
import { virtualTokens } from "./prefixes.ts";
import { isEdited } from "./positions.ts";

/** One row cut into its segments. */
export interface LaidOutRow {
  /** The same for all rows. */
  readonly prefix: readonly number[];
  readonly context: readonly number[];
  /** From the first edited token to the last that predicts a label. */
  readonly tail: readonly number[];
  readonly promptLength: number;
  /** The prompt that was cut, and its row. */
  readonly whole: TokenizedPrompt;
  /** The tokens to predict, one for each of the tail's last places. */
  readonly labels: readonly number[];
}

/** Tensors by name, ready to feed. */
export type Feeds = Record<string, HostTensor>;

/** An example's row: the prompt and the completion up to its last token, which is only predicted. */
export function layOut(example: TokenizedExample, layout: Layout): LaidOutRow {
  const { prompt, completion } = example;
  const start = tailStart(layout, prompt.length);
  const tail = [...prompt.slice(start), ...completion.slice(0, -1)];
  const prefix = prompt.slice(0, layout.prefix), context = prompt.slice(layout.prefix, start);
  return { prefix, context, tail, promptLength: prompt.length, whole: example, labels: completion };
}

/** The extents of a row alone, unpadded. */
export function rowExtents({ prefix, context, tail }: LaidOutRow): Readonly<Record<string, number>> {
  return { batch: 1, prefix: prefix.length, context: context.length, tail: tail.length };
}

/** What tells rows apart, labels aside. */
export function rowKeys(rows: readonly LaidOutRow[]): readonly unknown[] {
  return rows.map(({ prefix, context, tail, promptLength }) => [prefix, context, tail, promptLength]);
}

/** The shared extents of a group of rows. A context is at least one (masked) token long, so that no tensor is empty. */
export function groupExtents(
  rows: readonly LaidOutRow[],
): { readonly prefix: number; readonly context: number; readonly tail: number } {
  return {
    prefix: rows[0]?.prefix.length ?? 0,
    context: Math.max(1, ...rows.map((row) => row.context.length)),
    tail: Math.max(...rows.map((row) => row.tail.length)),
  };
}

/** What the tokens that all rows share determine. */
export function prefixFeeds({ prefix }: Pick<LaidOutRow, "prefix">, architecture: Architecture): Feeds {
  const feeds: Feeds = { "prefix.mask": causalMask(prefix.length, architecture) };
  segmentFeeds(feeds, "prefix", [{ tokens: prefix, start: 0 }], prefix.length, architecture);
  return feeds;
}

/**
 * What an example's own numbers determine, for a group of rows padded on the right.
 *
 * @param readsContext Whether the context itself is run over, not only its cached values.
 */
export function exampleFeeds(
  rows: readonly LaidOutRow[],
  layout: Layout,
  architecture: Architecture,
  adaptations: readonly Adaptation[],
  readsContext = true,
): Feeds {
  const { context, tail } = groupExtents(rows);
  const feeds: Feeds = { ...labelFeeds(rows, tail), ...positionFeeds(rows, tail, adaptations) };
  if (layout.tail === "whole") {
    const virtual = virtualTokens(adaptations), tails = rows.map((row) => ({ tokens: row.tail, start: virtual }));
    segmentFeeds(feeds, "tail", tails, tail, architecture);
    feeds["tail.mask"] = virtual === 0
      ? causalMask(tail, architecture)
      : pastMask(rows.map(() => virtual), virtual, tail, architecture);
    return feeds;
  }
  const { prefix } = layout;
  if (readsContext) {
    segmentFeeds(feeds, "context", rows.map((row) => ({ tokens: row.context, start: prefix })), context, architecture);
    feeds["context.mask"] = pastMask([prefix], prefix, context, architecture);
  }
  const starts = rows.map((row) => prefix + row.context.length);
  const tails = rows.map((row, index) => ({ tokens: row.tail, start: starts[index]! }));
  segmentFeeds(feeds, "tail", tails, tail, architecture);
  feeds["tail.mask"] = pastMask(starts, prefix + context, tail, architecture);
  return feeds;
}

/** What the fed tensors depend on besides the rows; neither programs nor weights tell it. */
export function fedNumbers({ inverseFrequencies, rotaryScale, slidingWindow }: Architecture): readonly unknown[] {
  return [inverseFrequencies, rotaryScale, slidingWindow ?? null];
}

/** Tokens and angles of a run of tokens whose first one has the position `start`. */
export function segmentFeeds(
  feeds: Feeds,
  name: SegmentName,
  rows: readonly { readonly tokens: readonly number[]; readonly start: number }[],
  length: number,
  { inverseFrequencies, rotaryScale }: Architecture,
): void {
  const pairs = inverseFrequencies.length, count = rows.length * length;
  const tokens = new BigInt64Array(count);
  const cosines = new Float32Array(count * pairs), sines = new Float32Array(count * pairs);
  rows.forEach((row, index) => {
    row.tokens.forEach((token, at) => tokens[index * length + at] = BigInt(token));
    for (let at = 0; at < length; at++) {
      const place = (index * length + at) * pairs;
      for (let pair = 0; pair < pairs; pair++) {
        const angle = (row.start + at) * inverseFrequencies[pair]!;
        cosines[place + pair] = Math.cos(angle) * rotaryScale;
        sines[place + pair] = Math.sin(angle) * rotaryScale;
      }
    }
  });
  feeds[`${name}.tokens`] = { data: tokens, shape: [rows.length, length] };
  feeds[`${name}.cosines`] = { data: cosines, shape: [rows.length, length, pairs] };
  feeds[`${name}.sines`] = { data: sines, shape: [rows.length, length, pairs] };
}

/** What is added to the score of a key that a query may not see: its probability becomes exactly 0. */
const hidden = -1e9;

function groupSize({ heads }: Architecture): number {
  return heads.heads / heads.keyValueHeads;
}

/** Causal attention within one run [1, 1, group · length, length]. */
function causalMask(length: number, architecture: Architecture): HostTensor {
  const group = groupSize(architecture), reach = architecture.slidingWindow ?? Infinity;
  const data = new Float32Array(group * length * length);
  for (let query = 0; query < length; query++) {
    const row = query * length;
    for (let key = 0; key < length; key++) if (key > query || query - key >= reach) data[row + key] = hidden;
  }
  repeatRows(data, length * length, group);
  return { data, shape: [1, 1, group * length, length] };
}

/**
 * Causal attention of a run over itself and over what is before it [batch, 1, group · length, past + length].
 *
 * @param filled How many of the past's places each row has filled, from the left.
 */
export function pastMask(
  filled: readonly number[],
  past: number,
  length: number,
  architecture: Architecture,
): HostTensor {
  const group = groupSize(architecture), reach = architecture.slidingWindow ?? Infinity;
  const width = past + length, block = length * width;
  const data = new Float32Array(filled.length * group * block);
  filled.forEach((count, row) => {
    const own = data.subarray(row * group * block, (row + 1) * group * block);
    for (let query = 0; query < length; query++) {
      const start = query * width;
      for (let key = 0; key < past; key++) {
        if (key >= count || count + query - key >= reach) own[start + key] = hidden;
      }
      for (let key = 0; key < length; key++) {
        if (key > query || query - key >= reach) own[start + past + key] = hidden;
      }
    }
    repeatRows(own, block, group);
  });
  return { data, shape: [filled.length, 1, group * length, width] };
}

function repeatRows(data: Float32Array, block: number, times: number): void {
  for (let copy = 1; copy < times; copy++) data.copyWithin(copy * block, 0, block);
}

function labelFeeds(rows: readonly LaidOutRow[], tail: number): Feeds {
  const places: number[] = [], targets: number[] = [];
  rows.forEach((row, index) => {
    const first = row.tail.length - row.labels.length;
    row.labels.forEach((label, at) => {
      places.push(index * tail + first + at);
      targets.push(label);
    });
  });
  return {
    "labelled.places": { data: BigInt64Array.from(places, BigInt), shape: [places.length, 1] },
    "labelled.targets": { data: BigInt64Array.from(targets, BigInt), shape: [targets.length, 1] },
  };
}

/** The masks of edited positions over the tail [batch, tail, width], as wide as {@linkcode maskWidth} says. */
export function positionFeeds(
  rows: readonly LaidOutRow[],
  tail: number,
  adaptations: readonly Adaptation[],
): Feeds {
  const feeds: Feeds = {};
  for (const intervention of interventionsOf(adaptations)) {
    const name = maskName(intervention), width = maskWidth(intervention);
    if (feeds[name] !== undefined) continue;
    const data = new Float32Array(rows.length * tail * width);
    rows.forEach(({ prefix, context, tail: own, whole }, row) => {
      const { positions, side } = intervention, start = prefix.length + context.length;
      const columns = columnsOf(intervention, whole);
      own.forEach((_, at) => {
        if (!isEdited(positions, side, whole, start + at)) return;
        for (const column of columns) data[(row * tail + at) * width + column] = 1;
      });
    });
    feeds[name] = { data, shape: [rows.length, tail, width] };
  }
  return feeds;
}
