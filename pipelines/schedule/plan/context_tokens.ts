/** The tokens that are computed once, as plans count them. @module */
import type { RowList } from "../../common/row_list.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import { lengthsOf, total } from "../../compile/rows/row_lengths.ts";

/** How many tokens come before a row's tail. */
interface ContextTokens {
  /** Those that all rows begin with. */
  readonly shared: number;
  /** A typical row's own. */
  readonly context: number;
}

/** How many tokens come before the tails of some rows; 0 if there are none, unlike the extents of programs. */
export function contextTokens(rows: RowList<LaidOutRow>): ContextTokens {
  const { shared, context } = lengthsOf(rows);
  return { shared: shared[0] ?? 0, context: Math.round(total(context) / rows.length) };
}
