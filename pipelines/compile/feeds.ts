/**
 * What the host feeds for a group of rows: their runs of tokens, label places, masks of edited positions.
 *
 * @module
 */
import type { TokenizedExample } from "../data/examples.ts";
import type { Architecture } from "../models/architecture.ts";
import { type Adaptation, interventionsOf } from "./adaptations.ts";
import { columnsOf, maskName, maskWidth } from "./interventions.ts";
import { type Layout, tailStart } from "./layout.ts";
import { virtualTokens } from "./prefixes.ts";
import { isEdited } from "./positions.ts";
import { type Feeds, runFeeds } from "./run_feeds.ts";

/** One row cut into its segments. */
export interface LaidOutRow {
  /** The same for all rows. */
  readonly prefix: readonly number[];
  readonly context: readonly number[];
  /** From the first edited token to the last that predicts a label. */
  readonly tail: readonly number[];
  readonly promptLength: number;
  /** The example that was cut. */
  readonly whole: TokenizedExample;
  /** The tokens to predict. */
  readonly labels: readonly number[];
  /** Where in the tail each of them is predicted: the token before it. */
  readonly places: readonly number[];
}

/** An example's row: the prompt and the completion up to its last token, which is only predicted. */
export function layOut(example: TokenizedExample, layout: Layout): LaidOutRow {
  const { prompt, completion, taught = [...completion.keys()] } = example;
  const start = tailStart(layout, prompt.length);
  const tail = [...prompt.slice(start), ...completion.slice(0, -1)];
  const prefix = prompt.slice(0, layout.prefix), context = prompt.slice(layout.prefix, start);
  const labels = taught.map((at) => completion[at]!), places = taught.map((at) => tail.length - completion.length + at);
  return { prefix, context, tail, promptLength: prompt.length, whole: example, labels, places };
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
  return runFeeds("prefix", [{ tokens: prefix, start: 0 }], prefix.length, architecture);
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
    const past = virtual === 0 ? undefined : { width: virtual, filled: rows.map(() => virtual) };
    return { ...feeds, ...runFeeds("tail", tails, tail, architecture, past) };
  }
  const { prefix } = layout;
  if (readsContext) {
    const contexts = rows.map((row) => ({ tokens: row.context, start: prefix }));
    Object.assign(feeds, runFeeds("context", contexts, context, architecture, { width: prefix, filled: [prefix] }));
  }
  const starts = rows.map((row) => prefix + row.context.length);
  const tails = rows.map((row, index) => ({ tokens: row.tail, start: starts[index]! }));
  return { ...feeds, ...runFeeds("tail", tails, tail, architecture, { width: prefix + context, filled: starts }) };
}

/** What the fed tensors depend on besides the rows; neither programs nor weights tell it. */
export function fedNumbers({ places }: Architecture): readonly unknown[] {
  return [places];
}

function labelFeeds(rows: readonly LaidOutRow[], tail: number): Feeds {
  const places: number[] = [], targets: number[] = [];
  rows.forEach((row, index) => {
    places.push(...row.places.map((place) => index * tail + place));
    targets.push(...row.labels);
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
