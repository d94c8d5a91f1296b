/**
 * What the host feeds for a group of rows: their runs of tokens, label places, masks of edited positions.
 *
 * @module
 */
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { runFeeds } from "../../models/architecture/model_inputs.ts";
import { type Adaptation, type Head, type Intervention, interventionsOf } from "../lower/adaptations.ts";
import { headOf } from "../lower/heads.ts";
import { columnsOf, maskName, maskWidth } from "../lower/interventions.ts";
import { type Layout, tailStart } from "./layout.ts";
import { virtualTokens } from "../lower/prefix_tuning.ts";
import { isEdited } from "../lower/positions.ts";
import { runOfSite } from "../lower/stacks.ts";

/** One row cut into its segments. */
export interface LaidOutRow {
  /** The same for all rows. */
  readonly prefix: readonly number[];
  readonly context: readonly number[];
  /** From the first edited token, or a decoder's first, to the last that predicts a label. */
  readonly tail: readonly number[];
  readonly promptLength: number;
  /** The example that was cut. */
  readonly whole: TokenizedExample;
  /** The tokens to predict; before a head the row's class or number alone. */
  readonly labels: readonly number[];
  /** Where in the tail each of them is predicted: the token before it. */
  readonly places: readonly number[];
}

/** An example's row: the prompt and the completion up to its last token, which is only predicted. */
export function layOut(example: TokenizedExample, layout: Layout): LaidOutRow {
  const { prompt, completion, taught = [...completion.keys()] } = example;
  const start = layout.start === undefined ? tailStart(layout, prompt.length) : prompt.length;
  const first = layout.start === undefined ? prompt.slice(start) : [layout.start];
  const tail = [...first, ...completion.slice(0, -1)];
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
  return rows.map(({ prefix, context, tail, promptLength, whole: { typeIds = [] } }) => {
    return [prefix, context, tail, promptLength, ...typeIds.some((type) => type !== 0) ? [typeIds] : []];
  });
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
  return runFeeds("prefix", architecture, { rows: [{ tokens: prefix, start: 0 }], length: prefix.length });
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
  const extents = groupExtents(rows), { context, tail } = extents, { encoder } = architecture;
  const feeds: Feeds = { ...labelFeeds(rows, tail, headOf(adaptations)), ...positionFeeds(rows, extents, adaptations) };
  if (encoder !== undefined) {
    const [contexts, tails] = [rows.map((row) => row.context), rows.map((row) => row.tail)];
    const fromStart = (tokens: readonly number[]) => ({ tokens, start: 0 });
    if (readsContext) {
      Object.assign(feeds, runFeeds("context", encoder, { rows: contexts.map(fromStart), length: context }));
    }
    const encoded = contexts.map(({ length }) => length);
    return { ...feeds, ...runFeeds("tail", architecture, { rows: tails.map(fromStart), length: tail, encoded }) };
  }
  if (layout.tail === "whole") {
    const virtual = virtualTokens(adaptations),
      tails = rows.map(({ tail, whole }) => ({
        tokens: tail,
        start: virtual,
        ...whole.typeIds === undefined ? {} : { types: whole.typeIds },
      }));
    const past = virtual === 0 ? {} : { past: { width: virtual, filled: rows.map(() => virtual) } };
    return { ...feeds, ...runFeeds("tail", architecture, { rows: tails, length: tail, ...past }) };
  }
  const { prefix } = layout;
  if (readsContext) {
    const contexts = rows.map((row) => ({ tokens: row.context, start: prefix }));
    const past = { width: prefix, filled: [prefix] };
    Object.assign(feeds, runFeeds("context", architecture, { rows: contexts, length: context, past }));
  }
  const starts = rows.map((row) => prefix + row.context.length);
  const tails = rows.map((row, index) => ({ tokens: row.tail, start: starts[index]! }));
  const past = { width: prefix + context, filled: starts };
  return { ...feeds, ...runFeeds("tail", architecture, { rows: tails, length: tail, past }) };
}

/** What the fed tensors depend on besides the rows; neither programs nor weights tell it. */
export function fedNumbers({ causal, inputs, encoder }: Architecture): readonly unknown[] {
  return [causal, inputs, ...(encoder === undefined ? [] : [encoder.inputs])];
}

function labelFeeds(rows: readonly LaidOutRow[], tail: number, head: Head | undefined): Feeds {
  const places: number[] = [], targets: number[] = [];
  rows.forEach((row, index) => {
    const read = head?.pooled === "first" ? [0] : row.places;
    places.push(...read.map((place) => index * tail + place));
    targets.push(...row.labels);
  });
  const data = head?.kind === "regression" ? Float32Array.from(targets) : BigInt64Array.from(targets, BigInt);
  return {
    ...head?.pooled === "mean" ? { "labelled.shares": sharesOf(rows, tail) } : {},
    "labelled.places": { data: BigInt64Array.from(places, BigInt), shape: [places.length, 1] },
    "labelled.targets": { data, shape: [targets.length, 1] },
  };
}

/** Each token's share in the mean of its row's [batch, tail, 1]. */
function sharesOf(rows: readonly LaidOutRow[], tail: number): HostTensor {
  const data = new Float32Array(rows.length * tail);
  rows.forEach(({ tail: own }, row) => data.fill(1 / own.length, row * tail, row * tail + own.length));
  return { data, shape: [rows.length, tail, 1] };
}

/** The masks of edited positions over each adaptation's run [batch, tokens, width], as wide as {@linkcode maskWidth} says. */
export function positionFeeds(
  rows: readonly LaidOutRow[],
  extents: { readonly context: number; readonly tail: number },
  adaptations: readonly Adaptation[],
): Feeds {
  const feeds: Feeds = {};
  for (const intervention of interventionsOf(adaptations)) {
    const name = maskName(intervention), width = maskWidth(intervention);
    if (feeds[name] !== undefined) continue;
    const length = extents[runOfSite(intervention)], data = new Float32Array(rows.length * length * width);
    rows.forEach((laidOut, row) => {
      const { tokens, start, prompt } = runOf(intervention, laidOut);
      const columns = columnsOf(intervention, laidOut.whole);
      tokens.forEach((_, at) => {
        if (!isEdited(intervention.positions, intervention.side, prompt, start + at)) return;
        for (const column of columns) data[(row * length + at) * width + column] = 1;
      });
    });
    feeds[name] = { data, shape: [rows.length, length, width] };
  }
  return feeds;
}

/** The run of a row that an adaptation acts on, where in the row it starts, and the prompt that its positions count over. */
function runOf(adaptation: Intervention, { prefix, context, tail, whole }: LaidOutRow) {
  if (runOfSite(adaptation) === "context") return { tokens: context, start: 0, prompt: whole };
  // A decoder's prompt is the token that it starts with.
  if (adaptation.stack === "decoder") return { tokens: tail, start: 0, prompt: { ...whole, prompt: tail.slice(0, 1) } };
  return { tokens: tail, start: prefix.length + context.length, prompt: whole };
}
