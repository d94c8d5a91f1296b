/** The interface that an operation's emission rule writes to. @module */
import type { GraphWriter, OnnxAttributes, TensorName } from "../onnx/graph_writer.ts";
import type { Kernels } from "../onnx/providers.ts";
import type { Dimension, Shape } from "../program/dimension.ts";
import type { CodeType, Value } from "../program/program.ts";

/** Writes the nodes of operations whose operands have already been written. */
export interface Emitter extends GraphWriter {
  /** The kernels of the execution provider that the graph is for. */
  readonly kernels: Kernels;
  /** Whether the session packs weights, that is, copies them into the order in which matrix products read them. */
  readonly packs: boolean;
  /** The tensor of an operand. */
  of(value: Value): TensorName;
  /** A node with several outputs. */
  nodes(
    type: string,
    inputs: readonly TensorName[],
    outputs: number,
    attributes?: OnnxAttributes,
  ): readonly TensorName[];
  /** A tensor reshaped, with copied and inferred extents where these suffice. */
  reshape(x: TensorName, from: Shape, to: Shape): TensorName;
  /** A tensor split into `count` parts of nearly equal size along an axis of extent `length`. */
  parts(x: TensorName, length: Dimension, count: number, axis: number): readonly TensorName[];
  /** Nodes written here are computed again for this use, and no earlier than needed. */
  anew<T>(write: () => T): T;
  /** One code, repeated `count` times. */
  codes(type: CodeType, element: number, count: number): TensorName;
  /** The matrix products that are computed together with one, in the order of their weights' bytes; at least itself. */
  joined(product: Value): readonly Value[];
  /** Weights whose bytes lie one after the other as one tensor of another shape; for codes, their bytes. */
  under(leaves: readonly Value[], shape: readonly number[]): TensorName;
  /**
   * Splits a weight [rows, …] that would be widened to more than `mostBytes` into several of fewer rows each, whose
   * bytes are read in place; empty for any other value.
   */
  rowParts(value: Value, mostBytes: number): readonly RowPart[];
}

/** Some rows of a weight. */
export interface RowPart {
  readonly rows: Value;
  readonly start: number;
  readonly end: number;
}
