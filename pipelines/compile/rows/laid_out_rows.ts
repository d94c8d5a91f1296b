/** Rows cut into the segments of a layout. @module */
import type { TokenizedExample } from "../../data/examples.ts";
import { type Layout, type Segment, type SegmentName, segmentNames, tailOf } from "./layout.ts";

/** One row's tokens by segment; none in those that the layout does not have. */
export interface LaidOutRow extends Readonly<Record<SegmentName, readonly number[]>> {
  /** The example that was cut. */
  readonly whole: TokenizedExample;
  /** The tokens to predict; before a head the row's class or number alone. */
  readonly labels: readonly number[];
  /** The index in the tail of the token that predicts each of them: the one before it. */
  readonly labelIndices: readonly number[];
}

const noTokens: Readonly<Record<SegmentName, readonly number[]>> = { shared: [], context: [], tail: [] };

/** An example's row: the prompt and the completion up to its last token, which is only predicted. */
export function layOut(example: TokenizedExample, layout: Layout): LaidOutRow {
  const { prompt, completion, taught = [...completion.keys()] } = example, { name: last } = tailOf(layout);
  const tokens = Object.fromEntries(layout.segments.map(({ name, from, to, startToken }) => {
    const start = startToken === undefined ? [] : [startToken];
    return [name, [...start, ...prompt.slice(from, to), ...name === last ? completion.slice(0, -1) : []]];
  }));
  const row = { ...noTokens, ...tokens }, first = row.tail.length - completion.length;
  const labels = taught.map((at) => completion[at]!), labelIndices = taught.map((at) => first + at);
  return { ...row, whole: example, labels, labelIndices };
}

/** How many tokens of a row a segment sees before its own. */
export function seenTokens(row: LaidOutRow, { sees }: Segment): number {
  return sees.reduce((sum, name) => sum + row[name].length, 0);
}

/** The tokens that a layout's last segment sees or has, in order: all that a decoder has read of a row. */
export function readTokens(row: LaidOutRow, layout: Layout): readonly number[] {
  const { name, sees } = tailOf(layout);
  return [...sees, name].flatMap((each) => row[each]);
}

/** The extents of some segments, by the symbols of their lengths. */
export type SegmentExtents = Readonly<Record<SegmentName, number>>;

function extentsOf(of: (name: SegmentName) => number): SegmentExtents {
  return { shared: of("shared"), context: of("context"), tail: of("tail") };
}

/** The extents of a group of rows. A context is at least one (masked) token long, so that no tensor is empty. */
export function groupExtents(rows: readonly LaidOutRow[]): SegmentExtents {
  const longest = extentsOf((name) => rows.reduce((most, row) => Math.max(most, row[name].length), 0));
  return { ...longest, context: Math.max(1, longest.context) };
}

/** What distinguishes a row from others, labels aside. */
export function rowKey(row: LaidOutRow): readonly (readonly number[])[] {
  const { prompt, typeIds = [] } = row.whole, tokens = segmentNames.map((name) => row[name]);
  return [...tokens, [prompt.length], typeIds.some((type) => type !== 0) ? typeIds : []];
}
