/**
 * What an operation is: all that any pass has to know of it, in one record.
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
   * The vector-Jacobian product: for the cotangent of the result, that of each input. `undefined` where the result does
   * not vary with the input. Only what `needed` marks is used.
   */
  vjp(
    o: Builder,
    cotangent: Value,
    value: Value<string, Settings>,
    needed: readonly boolean[],
  ): readonly (Value | undefined)[];
  /** Writes the operation and returns the tensor of its result. */
  onnx(emit: Emitter, value: Value<string, Settings>): TensorName;
  /** The extents among the attributes; a host has to bind their symbols. */
  extents(attributes: Settings): Shape;
  /**
   * Whether a result [batch, tokens, …] has of each token what follows from that token alone, so that it may be computed
   * of some tokens [n, …] as well as of all.
   *
   * @param isOfTokens Whether an operand is such a tensor itself.
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

/** The gradient rule of an operation that no gradient may pass. */
export function notDifferentiable(name: string): OpDefinition["vjp"] {
  return () => {
    throw new TypeError(`${name} has no gradient`);
  };
}

/** Of an operation whose attributes hold no extent. */
export const noExtents = (): Shape => [];

/** Of an operation along the last axis or on single elements: each operand is of tokens, or the same for all of them. */
export const alongTokens: OpDefinition["tokenwise"] = ({ inputs }, isOfTokens) =>
  inputs.every((operand) => isOfTokens(operand) || operand.shape.length <= 1);

/** Of an operation that mixes tokens, or that names axes by their number. */
export const acrossTokens = (): boolean => false;

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
