/** Which tokens each row of a run sees. @module */
import type { Branch, RunRows } from "./input_kind.ts";

/** What a row sees: so many tokens of the past, and so many of its own. */
interface SeenRow {
  readonly filled: number;
  readonly own: number;
  /** Those of its own that go back to an earlier one, if there are any. */
  readonly branch?: Branch | undefined;
}

/** One row for all where they see alike: no token sees the padding after it if attention is causal. */
export function seenRows({ rows, causal, past: { filled } }: RunRows): readonly SeenRow[] {
  if (causal) {
    return filled.map((count, row) => {
      const { branch, seen = Infinity } = rows[row] ?? {};
      return { filled: count, own: seen, branch };
    });
  }
  return rows.map(({ tokens }, row) => ({ filled: filled[row] ?? filled[0] ?? 0, own: tokens.length }));
}
