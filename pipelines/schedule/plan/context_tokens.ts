/** The tokens that are computed once, as plans count them. @module */
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";

/** How many tokens are before a row's tail. */
interface ContextTokens {
  /** Those that all rows begin with. */
  readonly shared: number;
  /** A typical row's own. */
  readonly context: number;
}

/** How many tokens are before the tails of some rows; unlike the extents of programs none where there are none. */
export function contextTokens(rows: readonly LaidOutRow[]): ContextTokens {
  const context = rows.reduce((sum, row) => sum + row.context.length, 0) / rows.length;
  return { shared: rows[0]?.shared.length ?? 0, context: Math.round(context) };
}
