/** In how many parts attention takes long runs of tokens, so that the scores of all are never in memory at once. @module */
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { type Layout, type SegmentName, tailStart } from "./layout.ts";

/** The scores of one row that are made at once, in bytes. */
const mostScores = 2 ** 26;

/** A layout with the parts of each segment in which some row's scores would take more. */
export function withAttentionParts(
  layout: Layout,
  { heads }: Pick<Architecture, "heads">,
  prompts: readonly Pick<TokenizedPrompt, "prompt">[],
): Layout {
  const lengths = prompts.map(({ prompt }) => prompt.length), longest = mostOf(lengths);
  const of = (name: SegmentName, tokens: readonly number[]): (readonly [SegmentName, number])[] => {
    const least = tokens.reduce((found, each) => Math.min(found, each), Infinity);
    const parts = Math.ceil(4 * heads.heads * mostOf(tokens) * longest / mostScores);
    // No part may be empty: a run is as long as its longest row, which is no shorter than the shortest of all.
    const possible = Math.min(parts, Math.max(1, least) * (heads.heads / heads.keyValueHeads));
    return possible > 1 ? [[name, possible]] : [];
  };
  const starts = lengths.map((length) => tailStart(layout, length));
  const parts = Object.fromEntries([
    ...of("prefix", [layout.prefix]),
    ...of("context", starts.map((start) => Math.max(0, start - layout.prefix))),
    ...of("tail", lengths.map((length, row) => length - starts[row]!)),
  ]);
  return Object.keys(parts).length === 0 ? layout : { ...layout, parts };
}

const mostOf = (numbers: readonly number[]) => numbers.reduce((most, each) => Math.max(most, each), 0);
