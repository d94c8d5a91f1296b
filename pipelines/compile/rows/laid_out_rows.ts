/** Rows cut into the segments of a layout. @module */
import type { TokenizedExample } from "../../data/examples.ts";
import type { Branch } from "../../models/inputs/input_kind.ts";
import { type Layout, type Segment, type SegmentName, segmentNames, tailOf } from "./layout.ts";

/** One row's tokens by segment; empty for segments that the layout does not have. */
export interface LaidOutRow extends Readonly<Record<SegmentName, readonly number[]>> {
  /** The whole example. */
  readonly whole: TokenizedExample;
  /** The tokens to predict; with a head, only the row's class or number. */
  readonly labels: readonly number[];
  /** The index in the tail of the token that predicts each of them: the one before it. */
  readonly labelIndices: readonly number[];
  /** Where the second of two answers begins in the tail; its labels follow those of the first. */
  readonly branch?: Branch;
  /** How many of the tail's first tokens others see; all of them if omitted. */
  readonly seen?: number;
}

const noTokens: Readonly<Record<SegmentName, readonly number[]>> = { shared: [], context: [], tail: [] };

/** An example's row: the prompt and the completion without its last token, which is only predicted. */
export function layOut(example: TokenizedExample, layout: Layout): LaidOutRow {
  const { rejected } = example;
  if (layout.answers !== undefined && rejected !== undefined) return layOutAnswers(example, rejected, layout);
  const { prompt, completion, reads, taught = [...completion.keys()] } = example, { name: last } = tailOf(layout);
  const read = (reads?.tokens ?? completion).slice(0, completion.length - 1);
  const tokens = Object.fromEntries(layout.segments.map(({ name, from, to, startToken }) => {
    const start = startToken === undefined ? [] : [startToken];
    return [name, [...start, ...prompt.slice(from, to), ...name === last ? read : []]];
  }));
  const row = { ...noTokens, ...tokens }, first = row.tail.length - completion.length;
  const labels = taught.map((at) => completion[at]!), labelIndices = taught.map((at) => first + at);
  const unseen = reads === undefined ? 0 : Math.max(0, read.length - reads.seen);
  return {
    ...{ ...row, whole: example, labels, labelIndices },
    ...unseen === 0 ? {} : { seen: row.tail.length - unseen },
  };
}

/** The row of a prompt with two answers, which begin after the same token. */
function layOutAnswers(example: TokenizedExample, rejected: readonly number[], layout: Layout): LaidOutRow {
  const { completion: chosen, isScored } = example, alone = { segments: layout.segments, virtual: layout.virtual };
  const first = layOut({ ...example, completion: chosen.slice(0, 1), taught: [] }, alone), after = first.tail.length;
  // A head reads an answer to its end; for a language model, the last token is only predicted.
  const read = (answer: readonly number[]) => isScored ? answer : answer.slice(0, -1);
  const at = after + read(chosen).length, own = { ...first, whole: example, branch: { at, after } };
  const tail = [...first.tail, ...read(chosen), ...read(rejected)];
  if (isScored) return { ...own, tail, labels: [0, 0], labelIndices: [at - 1, tail.length - 1] };
  const indices = (from: number, answer: readonly number[]) =>
    answer.map((_, each) => each === 0 ? after - 1 : from + each - 1);
  const labelIndices = [...indices(after, chosen), ...indices(at, rejected)];
  return { ...own, tail, labels: [...chosen, ...rejected], labelIndices };
}

/** How many tokens of a row a segment attends to before its own. */
export function seenTokens(row: LaidOutRow, { sees }: Segment): number {
  return sees.reduce((sum, name) => sum + row[name].length, 0);
}

/** The tokens that a layout's last segment attends to or contains, in order: all that a decoder has read of a row. */
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

/** What distinguishes a row from others, apart from its labels. */
export function rowKey(row: LaidOutRow): readonly (readonly number[])[] {
  const { whole: { prompt, typeIds = [] }, branch, seen } = row, tokens = segmentNames.map((name) => row[name]);
  const answers = branch === undefined ? [] : [[branch.at, branch.after]], unseen = seen === undefined ? [] : [[seen]];
  return [...tokens, [prompt.length], typeIds.some((type) => type !== 0) ? typeIds : [], ...answers, ...unseen];
}
