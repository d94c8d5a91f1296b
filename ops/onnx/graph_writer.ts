/**
 * Writing the nodes of an ONNX graph without knowing how the graph is stored: the interface for code that describes a
 * computation node by node.
 *
 * @module
 */
import type { Dimension, Shape } from "../program/dimension.ts";

/** The name of a tensor in the graph; an empty name omits an optional input. */
export type TensorName = string;

/** An attribute of a node. Integers must be marked, since a bare number is a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** The attributes of a node by name. */
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** The domain of an operation outside the ONNX standard. */
export type OnnxDomain = "com.microsoft";

/** Writes nodes and constants to a graph. Equal ones are written only once. */
export interface GraphWriter {
  /** A node with one output. */
  node(type: string, inputs: readonly TensorName[], attributes?: OnnxAttributes, domain?: OnnxDomain): TensorName;
  /** Numbers in row-major order, float32 by default; a tensor without axes if no shape is given. */
  floats(elements: readonly number[], shape?: readonly number[], type?: "float32" | "float64"): TensorName;
  /** Integers (int64): a list, or one number as a tensor without axes. */
  integers(elements: readonly number[] | number): TensorName;
  /** An extent, int64 [1]. */
  extent(dimension: Dimension): TensorName;
  /** A list of extents, int64. */
  extents(shape: Shape): TensorName;
}
