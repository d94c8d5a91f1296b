import { linear } from "../nn/linear.ts";
import * as o from "../operators.ts";
import { type InterventionKind, learnedSource, ofActivation, tensorOf } from "./intervention.ts";

/**
 * NoReFT: `h + W₂ᵀ(W₁h + b − W₂h)`, LoReFT with an unconstrained projection (pyreft's `NoreftIntervention`). `proj` is
 * W₂ and `proj_bias`, if any, is added to W₂h. An activation, if any, is applied to `W₁h + b`.
 */
export const noreft: InterventionKind = {
  hasRank: true,
  has: ["activation", "projectionBias"],
  linearity: ofActivation,
  tensors: ({ width, rank }, { projectionBias }) => ({
    proj: { shape: [rank, width], start: "linear", decays: true },
    ...(projectionBias ? { proj_bias: { shape: [rank], start: "linear", decays: false } as const } : {}),
    weight: { shape: [rank, width], start: "linear", decays: true },
    bias: { shape: [rank], start: "linear", decays: false },
  }),
  edit(hidden, tensors, mask, { activation, projectionBias }) {
    const proj = tensorOf(tensors, "proj");
    const source = learnedSource(hidden, tensors, activation);
    const projected = linear(hidden, proj, projectionBias ? tensorOf(tensors, "proj_bias") : undefined);
    return o.add(hidden, o.matmul(o.mul(o.sub(source, projected), mask), proj));
  },
};
