import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * RED: `scale ⊙ h + bias`, every channel of the representation is scaled and shifted on its own (Wu et al. 2024,
 * *Advancing Parameter Efficiency in Fine-tuning via Representation Editing*). It starts as the identity and has no
 * rank.
 */
export const red: InterventionKind = {
  hasRank: false,
  has: [],
  linearity: () => "affine",
  tensors: ({ width }) => ({
    scale: { shape: [width], start: "one", decays: true },
    bias: { shape: [width], start: "zero", decays: false },
  }),
  edit(hidden, tensors, mask) {
    const scaled = o.mul(hidden, o.sub(tensorOf(tensors, "scale"), 1));
    return o.add(hidden, o.mul(o.add(scaled, tensorOf(tensors, "bias")), mask));
  },
};
