/**
 * The functions that build tensor programs. Each returns a {@linkcode Value} whose shape the operation's table row
 * infers; operands broadcast as in numpy.
 *
 * @module
 */
import { type Dimension, sameShape, type Shape } from "./program/dimension.ts";
import { type DataType, intern, scalar, type Value } from "./program/program.ts";
import type { AttendAttributes, AttendGradientAttributes, MatmulAttributes, Operand } from "./table/builder.ts";
import { normalizeAxis } from "./table/definition.ts";
import { definitionOf, isOperation, type OpAttributes, type OpName, type PlainOpName } from "./table/mod.ts";

/**
 * A node of the named operation over its operands.
 *
 * @throws {TypeError} If the operands do not fit the operation.
 */
function apply(op: PlainOpName, inputs: readonly Value[]): Value;
function apply<Op extends OpName>(op: Op, inputs: readonly Value[], attributes: OpAttributes[Op]): Value;
function apply(op: OpName, inputs: readonly Value[], attributes: OpAttributes[OpName] = {}): Value {
  const { shape, dtype } = definitionOf(op).infer(inputs, attributes);
  return intern({ op, inputs, attributes, shape, dtype });
}

/** The same operation over other operands; a leaf stays as it is. */
export function withInputs(value: Value, inputs: readonly Value[]): Value {
  return isOperation(value) ? apply(value.op, inputs, value.attributes) : value;
}

function tensor(operand: Operand): Value {
  return typeof operand === "number" ? scalar(operand) : operand;
}

/** `x + y`. */
export const add = (x: Operand, y: Operand): Value => apply("add", [tensor(x), tensor(y)]);
/** `x − y`. */
export const sub = (x: Operand, y: Operand): Value => apply("sub", [tensor(x), tensor(y)]);
/** `x · y`, element by element. */
export const mul = (x: Operand, y: Operand): Value => apply("mul", [tensor(x), tensor(y)]);
/** `x / y`. */
export const div = (x: Operand, y: Operand): Value => apply("div", [tensor(x), tensor(y)]);
/** The smaller of two, element by element. Not differentiable. */
export const min = (x: Operand, y: Operand): Value => apply("min", [tensor(x), tensor(y)]);
/** The larger of two, element by element. Not differentiable. */
export const max = (x: Operand, y: Operand): Value => apply("max", [tensor(x), tensor(y)]);
/** `−x`. */
export const neg = (x: Value): Value => apply("neg", [x]);
/** `eˣ`. */
export const exp = (x: Value): Value => apply("exp", [x]);
/** The natural logarithm. */
export const log = (x: Value): Value => apply("log", [x]);
/** The square root. */
export const sqrt = (x: Value): Value => apply("sqrt", [x]);
/** The cosine of an angle in radians. */
export const cos = (x: Value): Value => apply("cos", [x]);
/** The sine of an angle in radians. */
export const sin = (x: Value): Value => apply("sin", [x]);
/** The hyperbolic tangent. */
export const tanh = (x: Value): Value => apply("tanh", [x]);
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid = (x: Value): Value => apply("sigmoid", [x]);
/** `x · sigmoid(x)`, the SiLU or swish activation. */
export const silu = (x: Value): Value => apply("silu", [x]);
/** `ln(1 + eˣ)`, a smooth `max(x, 0)`. */
export const softplus = (x: Value): Value => apply("softplus", [x]);
/** `max(x, 0)`. */
export const relu = (x: Value): Value => apply("relu", [x]);
/** `x · Φ(x)` with the normal distribution function, by way of erf. */
export const gelu = (x: Value): Value => apply("gelu", [x]);
/** `x · Φ(x)` with Φ by way of tanh (Hendrycks & Gimpel 2016, eq. 2), as GPT-2 has it. */
export const geluTanh = (x: Value): Value => apply("geluTanh", [x]);
/** The Gauss error function. */
export const erf = (x: Value): Value => apply("erf", [x]);
/** Each element brought between two bounds; one outside has no gradient. */
export const clamp = (x: Value, low: number, high: number): Value => apply("clamp", [x], { low, high });
/** `x`, which the gradient takes for a constant. */
export const detach = (x: Value): Value => apply("detach", [x]);
/** −1, 0 or 1 by the sign of each element. Its gradient is zero. */
export const sign = (x: Value): Value => apply("sign", [x]);
/** Each element rounded toward zero. Its gradient is zero. */
export const truncate = (x: Value): Value => apply("truncate", [x]);
/** The elements in another floating type. */
export const cast = (x: Value, to: DataType): Value => x.dtype === to ? x : apply("cast", [x], { to });
/**
 * A weight in a few bits as the matrix [rows, columns] that it encodes: codes, uint4 or uint8 (of which 8 or 128 means 0),
 * in blocks of 32 [rows · blocks, 32], and each block's scale [rows · blocks]. Not differentiable.
 */
export const dequantize = (codes: Value, scales: Value, columns: number): Value =>
  apply("dequantize", [codes, scales], { columns });

/** The sum over axes, which stay with extent 1 if `keep`. */
export function reduceSum(x: Value, axes: readonly number[], keep = false): Value {
  if (axes.length === 0) return x;
  return apply("reduceSum", [x], { axes: axes.map((axis) => normalizeAxis(axis, x.shape.length)).sort(), keep });
}
/** The mean over axes, which stay with extent 1 if `keep`. */
export function reduceMean(x: Value, axes: readonly number[], keep = false): Value {
  if (axes.length === 0) return x;
  return apply("reduceMean", [x], { axes: axes.map((axis) => normalizeAxis(axis, x.shape.length)).sort(), keep });
}
/** The sum over every axis that broadcasting to `x` from `shape` had added or stretched. */
export function sumTo(x: Value, shape: Shape): Value {
  const added = x.shape.length - shape.length;
  const stretched = shape.flatMap((dimension, axis) =>
    dimension === 1 && x.shape[axis + added] !== 1 ? [axis + added] : []
  );
  const reduced = reduceSum(x, [...Array.from({ length: added }, (_, axis) => axis), ...stretched], true);
  return reshape(reduced, shape);
}
/** Exponentials over their sum along the last axis. */
export const softmax = (x: Value): Value => apply("softmax", [x]);
/** `ln Σ eˣ` over the last axis, which stays with extent 1. */
export const logSumExp = (x: Value): Value => apply("logSumExp", [x]);
/** `x / √(mean(x²) + ε) · weight` over the last axis (Zhang & Sennrich 2019). */
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value => apply("rmsNorm", [x, weight], { epsilon });
/** `1 / √(mean(x²) + ε)` over the last axis, which stays with extent 1; `weight` only lets it share rmsNorm's node. */
export const inverseRms = (x: Value, weight: Value, epsilon: number): Value =>
  apply("inverseRms", [x, weight], { epsilon });

/** `(x − mean) / √(variance + ε) · weight + bias` over the last axis (Ba et al. 2016). */
export const layerNorm = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  apply("layerNorm", [x, weight, bias], { epsilon });
/** The mean over the last axis, which stays with extent 1; weight and bias only let it share layerNorm's node. */
export const layerMean = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  apply("layerMean", [x, weight, bias], { epsilon });
/** `1 / √(variance + ε)` over the last axis, as {@linkcode layerMean} gives the mean. */
export const inverseDeviation = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  apply("inverseDeviation", [x, weight, bias], { epsilon });
/** 1 at the `count` largest elements of the last axis, 0 elsewhere. Its gradient is zero. */
export const topMask = (x: Value, count: number): Value => apply("topMask", [x], { count });

/** The matrix product of the last two axes; leading axes broadcast. */
export function matmul(a: Value, b: Value, options: Partial<MatmulAttributes> = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  return apply("matmul", [a, b], { transposeA, transposeB, alpha });
}

/**
 * `softmax(scale·q·kᵀ + mask)·v` for so many rows at a time: queries [batch, heads, rows, width], mask broadcasting to
 * [batch, heads, rows, all lengths], keys and values [batch or 1, heads, length, width] of each run in order.
 */
export const attend = (
  queries: Value,
  mask: Value,
  runs: readonly { readonly key: Value; readonly value: Value }[],
  options: AttendAttributes,
): Value => apply("attend", [queries, mask, ...runs.flatMap(({ key, value }) => [key, value])], { ...options });
/** The cotangents of what {@linkcode attend} read, one below the other: the queries', and keys' and values' of marked runs. */
export const attendGradient = (
  inputs: readonly Value[],
  cotangent: Value,
  attributes: AttendGradientAttributes,
): Value => apply("attendGradient", [...inputs, cotangent], attributes);

/** The same elements under another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("reshape", [x], { shape: [...shape] });
}
/** The axes in another order: axis `i` of the result is axis `permutation[i]` of `x`. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return permutation.every((axis, index) => axis === index) ? x : apply("transpose", [x], { permutation });
}
/** The elements from `start` up to `end` along an axis. */
export function slice(x: Value, axis: number, start: Dimension, end: Dimension): Value {
  const at = normalizeAxis(axis, x.shape.length);
  return start === 0 && end === x.shape[at] ? x : apply("slice", [x], { axis: at, start, end });
}
/** The tensors one after the other along an axis. */
export function concat(parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (first === undefined) throw new TypeError("concat needs at least one tensor");
  return parts.length === 1 ? first : apply("concat", parts, { axis: normalizeAxis(axis, first.shape.length) });
}
/** Zeros before and after along an axis. */
export function pad(x: Value, axis: number, before: Dimension, after: Dimension): Value {
  if (before === 0 && after === 0) return x;
  return apply("pad", [x], { axis: normalizeAxis(axis, x.shape.length), before, after });
}
/** `x` repeated along axes of extent 1, as broadcasting would. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("expand", [x], { shape: [...shape] });
}
/**
 * `x`, but no earlier than some other values: what is computed of it is computed after them, even if the same was
 * computed of `x` before.
 */
export const barrier = (x: Value, before: readonly Value[]): Value => apply("barrier", [x, ...before]);

/** The rows of `x` [rows, …] that the indices name. Its gradient runs on webgpu where they are a column [n, 1]. */
export const gatherRows = (x: Value, indices: Value): Value => apply("gatherRows", [x, indices]);
/**
 * Zeros [rows, …] with the updates [n, …] added at the rows that the indices [n] or [n, 1] name. `distinct` promises
 * that no row is named twice.
 */
export const scatterRows = (updates: Value, indices: Value, rows: Dimension, distinct: boolean): Value =>
  apply("scatterRows", [updates, indices], { rows, distinct });
/** Each row's negative log-likelihood of its label: logits [n, classes], labels [n, 1] to losses [n, 1]. */
export const crossEntropy = (logits: Value, labels: Value): Value => apply("crossEntropy", [logits, labels]);
/** `softmax(logits) − onehot(labels)`, the gradient of each row's cross-entropy. */
export const crossEntropyGradient = (logits: Value, labels: Value): Value =>
  apply("crossEntropyGradient", [logits, labels]);
/**
 * Rotary position embedding (Su et al. 2021): x [batch, tokens, heads · headWidth], cosines and sines [batch, tokens,
 * turned/2], the first `turned` elements of each head turned pair by pair. Element i is paired with i + turned/2, as
 * Llama has it, or interleaved with its neighbour, as GPT-J has it.
 */
export function rotary(x: Value, cosines: Value, sines: Value, heads: number, interleaved = false): Value {
  const turned = 2 * Number(cosines.shape[2]);
  return apply("rotary", [x, cosines, sines], { heads, turned, interleaved });
}
