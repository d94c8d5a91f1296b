/**
 * What an operation is: its shape rule, its gradient rule and its emission rule, in one record.
 *
 * @module
 */
import type { DataType, Value } from "../program/program.ts";
import type { Attributes } from "../program/program.ts";
import type { Dimension, Shape } from "../program/dimension.ts";
import type { Provider } from "../onnx/model.ts";
import type * as operators from "../operators.ts";

/** The functions that build values, handed to the gradient rules. */
export type Operators = typeof operators;

/** The shape and element type of a result. */
export interface Inferred {
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** The name of a tensor in the ONNX graph being written; an empty name leaves an optional input out. */
export type TensorName = string;

/** An attribute of an ONNX node. Whole numbers must be marked, since a number alone is a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** What an emission rule writes to. Equal nodes are written once. */
export interface Emitter {
  /** The execution provider that the graph is for. */
  readonly provider: Provider;
  /** The tensor of an operand. */
  of(value: Value): TensorName;
  /** Whether the session copies weights into the order in which products read them. */
  readonly packs: boolean;
  /** The bytes of a weight's codes under a shape of their own. */
  bytesOf(leaf: Value, shape: readonly number[]): TensorName;
  /** A tensor in so many parts along an axis, of like sizes; the axis's extent is `length`. */
  parts(x: TensorName, length: Dimension, count: number, axis: number): readonly TensorName[];
  /** What is written here is computed anew, and no earlier than it is needed. */
  anew<T>(write: () => T): T;
  /** So many times one number of 4 bits. */
  fours(element: number, count: number): TensorName;
  /** Some rows of a widened weight, as a value of their own whose bytes are read in place. */
  rowsOf(widened: Value, start: number, end: number): Value;
  /** A node with one output. */
  node(type: string, inputs: readonly TensorName[], options?: NodeOptions): TensorName;
  /** A node with several outputs. */
  nodes(type: string, inputs: readonly TensorName[], outputs: number, options?: NodeOptions): TensorName[];
  /** A float tensor. */
  floats(elements: readonly number[], shape?: readonly number[]): TensorName;
  /** A list of whole numbers known now. */
  integers(elements: readonly number[]): TensorName;
  /** A list of extents: a constant, or fed by the host where symbols are involved. */
  extents(shape: Shape): TensorName;
  /** A tensor of one shape under another, by copied and inferred extents where that suffices. */
  reshape(x: TensorName, from: Shape, to: Shape): TensorName;
}

/** Domain and attributes of an ONNX node. */
export interface NodeOptions {
  readonly domain?: "com.microsoft";
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** One operation. */
export interface OpDefinition {
  /**
   * The shape and type of the result.
   *
   * @throws {TypeError} If the operands do not fit.
   */
  infer(inputs: readonly Value[], attributes: Attributes): Inferred;
  /**
   * The vector-Jacobian product: for the cotangent of the result, that of each input. `undefined` where the result does
   * not vary with the input. Only what `needed` marks is used.
   */
  vjp(o: Operators, cotangent: Value, value: Value, needed: readonly boolean[]): readonly (Value | undefined)[];
  /** Writes the operation and returns the tensor of its result. */
  onnx(emit: Emitter, value: Value): TensorName;
}

/** The operand at an index; a missing one is a bug in the caller, not in the data. */
export function operand(value: Pick<Value, "inputs" | "op">, index: number): Value {
  const found = value.inputs[index];
  if (found === undefined) throw new TypeError(`${value.op} has no operand ${index}`);
  return found;
}

/** The gradient rule of an operation that no gradient may pass. */
export function notDifferentiable(name: string): OpDefinition["vjp"] {
  return () => {
    throw new TypeError(`${name} has no gradient`);
  };
}

/** The shape of two operands broadcast against each other as numpy does. */
export function broadcast(name: string, left: Shape, right: Shape): Shape {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[axis - (rank - left.length)] ?? 1;
    const b = right[axis - (rank - right.length)] ?? 1;
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw new TypeError(`${name} cannot broadcast [${left.join(", ")}] against [${right.join(", ")}]`);
  });
}

/** An axis counted from the front, for one that may count from the back. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normal) || normal < 0 || normal >= rank) {
    throw new TypeError(`Axis ${axis} is outside a tensor of ${rank} axes`);
  }
  return normal;
}
