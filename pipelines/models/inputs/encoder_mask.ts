/** The mask of a decoder's attention to an encoder's tokens. @module */
import type { InputKind, Tensor } from "./input_kind.ts";
import { maskedScore } from "./masks.ts";

/** The mask [batch, 1, 1, encoded] of the padding in an encoder's tokens. */
export const encoderMask: InputKind<true, Tensor> = {
  declare(_, { batch, encoded }) {
    if (encoded === undefined) throw new TypeError("A run that sees an encoder's tokens needs their extent");
    return { shape: [batch, 1, 1, encoded] };
  },
  fill(_, { encoded }) {
    if (encoded === undefined) throw new TypeError("A run that sees an encoder's tokens needs their number");
    const { width, filled } = encoded, data = new Float32Array(filled.length * width);
    filled.forEach((length, row) => data.fill(maskedScore, row * width + length, (row + 1) * width));
    return { data, shape: [filled.length, 1, 1, width] };
  },
  exported: { notExportable: "has an encoder beside its decoder" },
};
