import * as o from "../operators.ts";
import { type InterventionKind, learnedSource, ofActivation, tensorOf } from "./intervention.ts";

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)`, where R has orthonormal rows (Wu et al. 2024, equation 2). `rotate` is Rᵀ. An
 * activation, if any, is applied to `Wh + b`.
 */
export const loreft: InterventionKind = {
  hasRank: true,
  has: ["activation"],
  linearity: ofActivation,
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal", decays: true },
    weight: { shape: [rank, width], start: "linear", decays: true },
    bias: { shape: [rank], start: "linear", decays: false },
  }),
  edit(hidden, tensors, mask, { activation }) {
    const rotate = tensorOf(tensors, "rotate");
    const source = learnedSource(hidden, tensors, activation);
    const change = o.mul(o.sub(source, o.matmul(hidden, rotate)), mask);
    return o.add(hidden, o.matmul(change, rotate, { transposeB: true }));
  },
};
