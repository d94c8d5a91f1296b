import { linear } from "../nn/linear.ts";
import * as o from "../operators.ts";
import { activations, type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)` with orthonormal rows of R (Wu et al. 2024, equation 2). `rotate` is Rᵀ. An activation,
 * if any, acts on `Wh + b`.
 */
export const loreft: InterventionKind = {
  tensors: ({ width, rank }) => ({
    rotate: { shape: [width, rank], start: "orthogonal" },
    weight: { shape: [rank, width], start: "linear" },
    bias: { shape: [rank], start: "linear" },
  }),
  edit(hidden, tensors, mask, { activation }) {
    const rotate = tensorOf(tensors, "rotate");
    const source = activations[activation](linear(hidden, tensorOf(tensors, "weight"), tensorOf(tensors, "bias")));
    const change = o.mul(o.sub(source, o.matmul(hidden, rotate)), mask);
    return o.add(hidden, o.matmul(change, rotate, { transposeB: true }));
  },
};
