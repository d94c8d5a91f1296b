/** The tokens that each row of a run attends to. @module */
import type { Branch, RunRows } from "./input_kind.ts";

/** What a row attends to: a number of past tokens, and a number of its own. */
interface SeenRow {
  readonly filled: number;
  readonly own: number;
  /** Its own tokens that continue from an earlier one, if any. */
  readonly branch?: Branch | undefined;
}

/** What each row attends to, or one row for all if it is the same: causal attention never reaches the padding. */
export function seenRows({ rows, causal, past: { filled } }: RunRows): readonly SeenRow[] {
  if (causal) {
    return filled.map((count, row) => {
      const { branch, seen = Infinity } = rows[row] ?? {};
      return { filled: count, own: seen, branch };
    });
  }
  return rows.map(({ tokens }, row) => ({ filled: filled[row] ?? filled[0] ?? 0, own: tokens.length }));
}
