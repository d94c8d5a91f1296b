/** Pooling: which hidden states are read by a head that scores whole rows. @module */
import type { InputKind, Tensor } from "./input_kind.ts";

/** Which hidden state is read: the first token's, the last token's, or the mean of all. */
export type Pooling = "first" | "last" | "mean";

/** Each token's weight in the pooled hidden state of its row [batch, 1, length]. */
export const pooling: InputKind<Pooling, Tensor> = {
  declare: (_, { batch, length }) => ({ shape: [batch, 1, length] }),
  fill(pooled, { rows, length }) {
    const data = new Float32Array(rows.length * length);
    rows.forEach(({ tokens: { length: own } }, row) => {
      const start = row * length;
      if (pooled === "mean") data.fill(1 / own, start, start + own);
      else data[start + (pooled === "first" ? 0 : own - 1)] = 1;
    });
    return { data, shape: [rows.length, 1, length] };
  },
  exported: { notExportable: "scores whole rows" },
};
