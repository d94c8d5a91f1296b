/**
 * The operators that gradient rules use. Since the operators are built on the table, a rule is passed them instead of
 * importing them.
 *
 * @module
 */
import type { Dimension, Shape } from "../program/dimension.ts";
import type { DataType, Value } from "../program/program.ts";

/** A tensor, or a number, which represents a tensor without axes. */
export type Operand = Value | number;

type Unary = (x: Value) => Value;
type Binary = (x: Operand, y: Operand) => Value;

/** How a matrix product is computed: which operands are transposed, and the factor `alpha` on the product. */
export type MatmulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
};

/** How attention is computed in parts. */
export type AttendAttributes = {
  /** The factor on the scores. */
  readonly scale: number;
  /** The bound `c` of `c · tanh(scores/c)`; 0 for none. */
  readonly softcap: number;
  /** The number of parts that the rows are split into; at most the number of rows, since no part may be empty. */
  readonly parts: number;
};

/** {@linkcode AttendAttributes}, and 1 for each run of keys and values whose cotangents are wanted, else 0. */
export type AttendGradientAttributes = AttendAttributes & { readonly runs: readonly number[] };

/** The operators of `operators.ts`. */
export interface Builder {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly neg: Unary;
  readonly exp: Unary;
  readonly cos: Unary;
  readonly sin: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly erf: Unary;
  readonly sign: Unary;
  readonly cast: (x: Value, to: DataType) => Value;
  readonly reduceSum: (x: Value, axes: readonly number[], keep?: boolean) => Value;
  readonly sumTo: (x: Value, shape: Shape) => Value;
  readonly inverseRms: (x: Value, weight: Value, epsilon: number) => Value;
  readonly layerMean: (x: Value, weight: Value, bias: Value, epsilon: number) => Value;
  readonly inverseDeviation: (x: Value, weight: Value, bias: Value, epsilon: number) => Value;
  readonly matmul: (a: Value, b: Value, options?: Partial<MatmulAttributes>) => Value;
  readonly attendGradient: (
    inputs: readonly Value[],
    cotangent: Value,
    attributes: AttendGradientAttributes,
  ) => Value;
  readonly reshape: (x: Value, shape: Shape) => Value;
  readonly transpose: (x: Value, permutation: readonly number[]) => Value;
  readonly slice: (x: Value, axis: number, start: Dimension, end: Dimension) => Value;
  readonly pad: (x: Value, axis: number, before: Dimension, after: Dimension) => Value;
  readonly expand: (x: Value, shape: Shape) => Value;
  readonly gatherRows: (x: Value, indices: Value) => Value;
  readonly scatterRows: (updates: Value, indices: Value, rows: Dimension, distinct: boolean) => Value;
  readonly softmax: Unary;
  readonly crossEntropyGradient: (logits: Value, labels: Value) => Value;
  readonly rotary: (x: Value, cosines: Value, sines: Value, heads: number, interleaved?: boolean) => Value;
}
