/** Learned positions. @module */
import { type InputKind, positionIn, type Tensor } from "./input_kind.ts";
import { perToken } from "./per_token.ts";

/** A table of learned positions, which begins with a number of unused rows. */
interface PositionTable {
  readonly offset: number;
}

/** The row of the table for each token, int64 [batch, length]. */
export const positions: InputKind<PositionTable, Tensor> = {
  declare: (_, { batch, length }) => ({ shape: [batch, length], dtype: "int64" }),
  fill: ({ offset }, run) =>
    // Padding may extend beyond the model's last position.
    perToken(run, (row, at) => offset + positionIn(row, Math.min(at, Math.max(0, row.tokens.length - 1)))),
  exported: { nodes: ({ offset }, write, grid) => write.node("Add", [grid.positions, write.integers(offset)]) },
};
