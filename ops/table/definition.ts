/**
 * Operations: everything that the passes need to know about one, in one record.
 *
 * @module
 */
import type { TensorName } from "../onnx/graph_writer.ts";
import type { Shape } from "../program/dimension.ts";
import type { Attributes, DataType, Value } from "../program/program.ts";
import type { Builder } from "./builder.ts";
import type { Emitter } from "./emitter.ts";
import type { Price } from "./price.ts";

/** The shape and element type of a result. */
export interface Inferred {
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** The attributes of an operation that has none. */
export type NoAttributes = Readonly<Record<string, never>>;

/** One operation. */
export interface OpDefinition<Settings extends Attributes = Attributes> {
  /**
   * The shape and type of the result.
   *
   * @throws {TypeError} If the operands do not fit.
   */
  infer(inputs: readonly Value[], attributes: Settings): Inferred;
  /**
   * The vector-Jacobian product: the cotangent of each input, given that of the result; `undefined` if the result does
   * not depend on the input. Only the inputs marked in `needed` are used.
   */
  vjp(
    o: Builder,
    cotangent: Value,
    value: Value<string, Settings>,
    needed: readonly boolean[],
  ): readonly (Value | undefined)[];
  /** Writes the operation and returns the tensor of its result. */
  onnx(emit: Emitter, value: Value<string, Settings>): TensorName;
  /** The extents among the attributes; the host must bind their symbols. */
  extents(attributes: Settings): Shape;
  /**
   * Whether each token of a result [batch, tokens, …] depends on that token alone, so that it can be computed for some
   * tokens [n, …] as well as for all.
   *
   * @param isOfTokens Whether an operand is itself such a tensor.
   */
  tokenwise(value: Value<string, Settings>, isOfTokens: (operand: Value) => boolean): boolean;
  /** What it costs. */
  readonly price: Price<Settings>;
}

/** The definitions of operations by name, from their attributes by name. */
export type Definitions<AttributesOf extends { readonly [Op in keyof AttributesOf]: Attributes }> = {
  readonly [Op in keyof AttributesOf]: OpDefinition<AttributesOf[Op]>;
};

/** The operand at an index; a missing one is a bug in the caller, not in the data. */
export function operand(value: Pick<Value, "inputs" | "op">, index: number): Value {
  const found = value.inputs[index];
  if (found === undefined) throw new TypeError(`${value.op} has no operand ${index}`);
  return found;
}

/** The gradient rule of an operation that is not differentiable. */
export function notDifferentiable(name: string): OpDefinition["vjp"] {
  return () => {
    throw new TypeError(`${name} has no gradient`);
  };
}

/** For an operation whose attributes hold no extents. */
export const noExtents = (): Shape => [];

/**
 * For an operation along the last axis or on single elements: each operand is per token, or the same for all tokens.
 */
export const alongTokens: OpDefinition["tokenwise"] = ({ inputs }, isOfTokens) =>
  inputs.every((operand) => isOfTokens(operand) || operand.shape.length <= 1);

/** For an operation that mixes tokens, or that refers to axes by number. */
export const acrossTokens = (): boolean => false;

/** The shape of two operands broadcast against each other as in numpy. */
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

/** An axis counted from the front, given one that may be counted from the back. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normal) || normal < 0 || normal >= rank) {
    throw new TypeError(`Axis ${axis} is outside a tensor of ${rank} axes`);
  }
  return normal;
}
