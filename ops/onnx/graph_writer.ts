/**
 * Writing the nodes of an ONNX graph without knowing how a graph is stored: the interface of whoever describes a
 * computation node by node.
 *
 * @module
 */
import type { Dimension, Shape } from "../program/dimension.ts";

/** The name of a tensor in the graph; an empty name omits an optional input. */
export type TensorName = string;

/** An attribute of a node. Whole numbers must be marked, since a number alone is a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** The attributes of a node by name. */
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Where an operation is defined, unless it is one of the standard's. */
export type OnnxDomain = "com.microsoft";

/** Writes nodes and constants to a graph. Equal ones are written once. */
export interface GraphWriter {
  /** A node with one output. */
  node(type: string, inputs: readonly TensorName[], attributes?: OnnxAttributes, domain?: OnnxDomain): TensorName;
  /** Numbers in row-major order, float32 by default; without a shape they are a tensor without axes. */
  floats(elements: readonly number[], shape?: readonly number[], type?: "float32" | "float64"): TensorName;
  /** Whole numbers, int64: a list, or one without axes. */
  integers(elements: readonly number[] | number): TensorName;
  /** An extent, int64 [1]. */
  extent(dimension: Dimension): TensorName;
  /** A list of extents, int64. */
  extents(shape: Shape): TensorName;
}
