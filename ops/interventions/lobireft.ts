import * as o from "../operators.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * LobiReFT: `h + Rᵀb`, one learned shift within the subspace (pyreft's `LobireftIntervention`). `rotate` is Rᵀ, its
 * columns orthonormal.
 */
export const lobireft: InterventionKind = {
  hasRank: true,
  has: [],
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal" },
    bias: { shape: [rank], start: "unit" },
  }),
  edit(hidden, tensors, mask) {
    const change = o.mul(mask, tensorOf(tensors, "bias"));
    return o.add(hidden, o.matmul(change, tensorOf(tensors, "rotate"), { transposeB: true }));
  },
};
