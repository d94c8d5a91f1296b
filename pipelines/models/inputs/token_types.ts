/** Token types, which distinguish the texts of a pair. @module */
import type { InputKind, Tensor } from "./input_kind.ts";
import { perToken } from "./per_token.ts";

/** Which of a pair's texts each token belongs to, int64 [batch, length]. */
export const tokenTypes: InputKind<true, Tensor> = {
  declare: (_, { batch, length }) => ({ shape: [batch, length], dtype: "int64" }),
  fill: (_, run) => perToken(run, ({ types }, at) => types?.[at] ?? 0),
  exported: { notExportable: "distinguishes the texts of a pair" },
};
