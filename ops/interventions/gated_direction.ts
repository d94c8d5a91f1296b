import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * `h + ReLU(w·h)·w`: each token moves along one direction in proportion to how strongly it already shows it. Related to
 * ReFT-r1 (Wu et al. 2025, *AxBench*, section 3.2), which adds a unit vector scaled by the mean of a sequence's largest
 * gates and is trained with an L1 penalty on the others. `direction` is w; the rank is 1.
 */
export const gatedDirection: InterventionKind = {
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
