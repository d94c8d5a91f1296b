/** Helpers for common nodes whose arguments are constants or numeric codes. @module */
import type { Dimension } from "../program/dimension.ts";
import { type ElementType, elementTypes } from "./element_types.ts";
import type { GraphWriter, TensorName } from "./graph_writer.ts";

/** A tensor converted to another element type. */
export function cast(write: GraphWriter, x: TensorName, to: ElementType): TensorName {
  return write.node("Cast", [x], { to: { int: elementTypes[to] } });
}

/** A tensor with additional axes of extent 1. */
export function unsqueeze(write: GraphWriter, x: TensorName, axes: readonly number[]): TensorName {
  return write.node("Unsqueeze", [x, write.integers(axes)]);
}

/** The extent of a tensor's axis, int64 [1]. */
export function extentOf(write: GraphWriter, x: TensorName, axis: number): TensorName {
  return write.node("Shape", [x], { start: { int: axis }, end: { int: axis + 1 } });
}

/** The integers (int64) from one extent up to, but excluding, another. */
export function range(write: GraphWriter, from: Dimension, to: Dimension): TensorName {
  const scalar = (dimension: Dimension) => write.node("Squeeze", [write.extent(dimension), write.integers([0])]);
  return write.node("Range", [scalar(from), scalar(to), write.integers(1)]);
}
