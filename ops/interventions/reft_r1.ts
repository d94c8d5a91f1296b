import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * ReFT-r1: `h + ReLU(w·h)·w`, one direction that each token takes as far as it shows it already (Wu et al. 2025, *AxBench*,
 * section 3.2, with the gate of each token by itself in place of the mean over a sequence's largest). `direction` is w; the
 * rank is 1.
 */
export const reftR1: InterventionKind = {
  hasRank: false,
  has: [],
  linearity: () => "other",
  tensors: ({ width }) => ({ direction: { shape: [1, width], start: "linear", decays: true } }),
  edit(hidden, tensors, mask) {
    const direction = tensorOf(tensors, "direction");
    const gate = o.relu(o.matmul(hidden, direction, { transposeB: true }));
    return o.add(hidden, o.matmul(o.mul(gate, mask), direction));
  },
};
