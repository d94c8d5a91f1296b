import type { Shape } from "../program/dimension.ts";

/**
 * A shape for ONNX Reshape in which 0 copies the extent at the same axis and −1, at most once, is inferred.
 *
 * @returns The target, or `undefined` if two symbolic extents cannot be copied or an axis is empty.
 */
export function reshapeTarget(from: Shape, to: Shape): number[] | undefined {
  if (to.includes(0)) return undefined;
  const target = to.map((dimension, axis) => {
    if (typeof dimension === "number") return dimension;
    return dimension === from[axis] ? 0 : -1;
  });
  return target.filter((extent) => extent === -1).length <= 1 ? target : undefined;
}
