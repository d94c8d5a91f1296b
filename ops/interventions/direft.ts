import * as o from "../operators.ts";
import { type InterventionKind, learnedSource, ofActivation, tensorOf } from "./intervention.ts";

/**
 * DiReFT: `h + W₂ᵀ(W₁h + b)` (Wu et al. 2024, equation 3), LoReFT without the subtraction and the orthogonality
 * constraint. `proj` is W₂; the orthogonal form holds its transpose, `rotate`, with orthonormal columns. `proj_bias` is
 * a tensor that pyreft's `NodireftIntervention` has with `add_bias` but never reads.
 */
export const direft: InterventionKind = {
  hasRank: true,
  has: ["activation", "orthogonal", "projectionBias"],
  linearity: ofActivation,
  tensors: ({ width, rank }, { orthogonal, projectionBias }) => ({
    ...(orthogonal
      ? { rotate: { shape: [width, rank], start: "orthogonal", decays: true } as const }
      : { proj: { shape: [rank, width], start: "linear", decays: true } as const }),
    ...(projectionBias && !orthogonal
      ? { proj_bias: { shape: [rank], start: "linear", decays: false, isUnread: true } as const }
      : {}),
    weight: { shape: [rank, width], start: "linear", decays: true },
    bias: { shape: [rank], start: "linear", decays: false },
  }),
  edit(hidden, tensors, mask, { activation, orthogonal }) {
    const source = learnedSource(hidden, tensors, activation);
    const change = o.mul(source, mask);
    const direction = orthogonal
      ? o.matmul(change, tensorOf(tensors, "rotate"), { transposeB: true })
      : o.matmul(change, tensorOf(tensors, "proj"));
    return o.add(hidden, direction);
  },
};
