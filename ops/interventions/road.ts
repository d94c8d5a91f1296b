import * as o from "../operators.ts";
import { evaluateDimension } from "../program/dimension.ts";
import { type InterventionKind, tensorOf } from "./intervention.ts";

/**
 * RoAd: each pair of neighbouring channels is rotated by its own angle and scaled, `α·(cos θ·x − sin θ·y, sin θ·x + cos
 * θ·y)` (Liao & Monz 2024, *3-in-1: 2D Rotary Adaptation for Efficient Finetuning, Efficient Batching and
 * Composability*, RoAd₁). `angle` is θ, `scale` is α. It starts as the identity and has no rank.
 */
export const road: InterventionKind = {
  hasRank: false,
  has: [],
  linearity: () => "affine",
  tensors({ width }) {
    if (width % 2 !== 0) throw new RangeError(`road rotates pairs of channels, but the width ${width} is odd`);
    return {
      angle: { shape: [width / 2], start: "zero", decays: true },
      scale: { shape: [width / 2], start: "one", decays: true },
    };
  },
  edit(hidden, tensors, mask) {
    const { shape } = hidden, rank = shape.length, pairs = evaluateDimension(shape[rank - 1]!, {}) / 2;
    const angle = tensorOf(tensors, "angle"), scale = tensorOf(tensors, "scale");
    const split = o.reshape(hidden, [...shape.slice(0, -1), pairs, 2]);
    const half = (side: number) => o.reshape(o.slice(split, rank, side, side + 1), [...shape.slice(0, -1), pairs]);
    const x = half(0), y = half(1);
    const along = o.mul(scale, o.cos(angle)), across = o.mul(scale, o.sin(angle));
    const turned = [o.sub(o.mul(x, along), o.mul(y, across)), o.add(o.mul(x, across), o.mul(y, along))];
    const joined = o.concat(turned.map((side) => o.reshape(side, [...shape.slice(0, -1), pairs, 1])), rank);
    return o.add(hidden, o.mul(o.sub(o.reshape(joined, shape), hidden), mask));
  },
};
