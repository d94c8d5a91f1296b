/** What an operation's emission rule writes to. @module */
import type { GraphWriter, OnnxAttributes, TensorName } from "../onnx/graph_writer.ts";
import type { Kernels } from "../onnx/providers.ts";
import type { Dimension, Shape } from "../program/dimension.ts";
import type { CodeType, Value } from "../program/program.ts";

/** Writes the nodes of operations whose operands are written already. */
export interface Emitter extends GraphWriter {
  /** The kernels of the execution provider that the graph is for. */
  readonly kernels: Kernels;
  /** Whether the session copies weights into the order in which products read them. */
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
  /** A tensor of one shape under another, by copied and inferred extents where that suffices. */
  reshape(x: TensorName, from: Shape, to: Shape): TensorName;
  /** A tensor in so many parts along an axis, of like sizes; the axis's extent is `length`. */
  parts(x: TensorName, length: Dimension, count: number, axis: number): readonly TensorName[];
  /** What is written here is computed anew, and no earlier than it is needed. */
  anew<T>(write: () => T): T;
  /** So many times one code. */
  codes(type: CodeType, element: number, count: number): TensorName;
  /** A weight under a shape of its own; of codes their bytes. */
  under(leaf: Value, shape: readonly number[]): TensorName;
  /**
   * A weight [rows, …] that would be widened to more than some bytes, as several of fewer rows each, whose bytes are read
   * in place; nothing for any other value.
   */
  rowParts(value: Value, mostBytes: number): readonly RowPart[];
}

/** Some rows of a weight. */
export interface RowPart {
  readonly rows: Value;
  readonly start: number;
  readonly end: number;
}
