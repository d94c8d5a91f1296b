import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * ConsReFT: `h + Rᵀ(b − Rh)`, LoReFT with a constant source: every edited representation gets the same coordinates in
 * the subspace (pyreft's `ConsreftIntervention`). `rotate` is Rᵀ, with orthonormal columns.
 */
export const consreft: InterventionKind = {
  hasRank: true,
  has: [],
  linearity: () => "affine",
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal", decays: true },
    // It takes the place of the learned source, which transformers counts as a weight, so weight decay applies to it.
    bias: { shape: [rank], start: "unit", decays: true },
  }),
  edit(hidden, tensors, mask) {
    const rotate = tensorOf(tensors, "rotate");
    const change = o.mul(o.sub(tensorOf(tensors, "bias"), o.matmul(hidden, rotate)), mask);
    return o.add(hidden, o.matmul(change, rotate, { transposeB: true }));
  },
};
