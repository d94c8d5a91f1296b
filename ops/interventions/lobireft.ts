import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * LobiReFT: `h + Rᵀb`, one learned shift within the subspace (pyreft's `LobireftIntervention`). `rotate` is Rᵀ, with
 * orthonormal columns.
 */
export const lobireft: InterventionKind = {
  hasRank: true,
  has: [],
  linearity: () => "shift",
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal", decays: true },
    // It takes the place of the learned source, which transformers counts as a weight, so weight decay applies to it.
    bias: { shape: [rank], start: "unit", decays: true },
  }),
  edit(hidden, tensors, mask) {
    const change = o.mul(mask, tensorOf(tensors, "bias"));
    return o.add(hidden, o.matmul(change, tensorOf(tensors, "rotate"), { transposeB: true }));
  },
};
