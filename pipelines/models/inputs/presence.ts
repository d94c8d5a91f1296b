/** Which tokens are padding, for parts of a model that need to know it besides the masks. @module */
import type { InputKind, Tensor } from "./input_kind.ts";

/** 1 for tokens and 0 for padding [batch, length, 1]. */
export const presence: InputKind<true, Tensor> = {
  declare: (_, { batch, length }) => ({ shape: [batch, length, 1] }),
  fill(_, { rows, length }) {
    const data = new Float32Array(rows.length * length);
    rows.forEach(({ tokens }, row) => data.fill(1, row * length, row * length + tokens.length));
    return { data, shape: [rows.length, length, 1] };
  },
  exported: { notExportable: "reads the tokens on both sides of each" },
};
