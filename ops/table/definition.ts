/**
 * What an operation is: its shape rule, its gradient rule and its emission rule, in one record.
 *
 * @module
 */
import type { DataType, Value } from "../program/program.ts";
import type { Attributes } from "../program/program.ts";
import type { Shape } from "../program/dimension.ts";
import type { TensorName } from "../onnx/graph_writer.ts";
import type { Emitter } from "./emitter.ts";
import type * as operators from "../operators.ts";

/** The functions that build values, handed to the gradient rules. */
export type Operators = typeof operators;

/** The shape and element type of a result. */
export interface Inferred {
  readonly shape: Shape;
  readonly dtype: DataType;
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
