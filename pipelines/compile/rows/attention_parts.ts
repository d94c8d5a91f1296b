/**
 * The number of parts in which attention processes long runs of tokens, so that not all scores are in memory at once.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { Layout, Segment } from "./layout.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";

/** The most bytes that one row's scores may take at a time. */
const mostScores = 2 ** 26;

/**
 * A layout with more parts in each segment where a row's scores would take more; models with two stacks are not split.
 */
export function withAttentionParts(
  layout: Layout,
  { heads: { heads, keyValueHeads } }: Pick<Architecture, "heads">,
  prompts: RowList<Pick<TokenizedPrompt, "prompt">>,
): Layout {
  if (layout.segments.some(({ stack }) => stack !== undefined)) return layout;
  const { prompts: lengths } = lengthsOfExamples(prompts);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const partsOf = ({ from, to }: Segment): number => {
    let [least, most] = [Infinity, 0];
    for (const length of lengths) {
      const own = slicedLength(length, from, to);
      [least, most] = [Math.min(least, own), Math.max(most, own)];
    }
    const parts = Math.ceil(4 * heads * most * longest / mostScores);
    // No part may be empty: a run is as long as its longest row, which is at least as long as the shortest row of all.
    return Math.max(1, Math.min(parts, Math.max(1, least) * (heads / keyValueHeads)));
  };
  return { ...layout, segments: layout.segments.map((segment) => ({ ...segment, parts: partsOf(segment) })) };
}

/** How many of `length` tokens `slice` takes. */
function slicedLength(length: number, from: number, to = length): number {
  const index = (at: number) => at < 0 ? Math.max(0, length + at) : Math.min(length, at);
  return Math.max(0, index(to) - index(from));
}
