import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * ConsReFT: `h + Rᵀ(b − Rh)`, LoReFT whose source is a constant: every edited representation gets the same coordinates
 * in the subspace (pyreft's `ConsreftIntervention`). `rotate` is Rᵀ, its columns orthonormal.
 */
export const consreft: InterventionKind = {
  hasRank: true,
  has: [],
  linearity: () => "affine",
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal", decays: true },
    // In the place of a learned source, which transformers counts among the weights.
    bias: { shape: [rank], start: "unit", decays: true },
  }),
  edit(hidden, tensors, mask) {
    const rotate = tensorOf(tensors, "rotate");
    const change = o.mul(o.sub(tensorOf(tensors, "bias"), o.matmul(hidden, rotate)), mask);
    return o.add(hidden, o.matmul(change, rotate, { transposeB: true }));
  },
};
