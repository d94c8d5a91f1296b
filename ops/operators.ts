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

/** The same operation over other operands; a leaf is returned unchanged. */
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
/** `x · Φ(x)` with the normal distribution function, computed with erf. */
export const gelu = (x: Value): Value => apply("gelu", [x]);
/** `x · Φ(x)` with Φ approximated by tanh (Hendrycks & Gimpel 2016, eq. 2), as in GPT-2. */
export const geluTanh = (x: Value): Value => apply("geluTanh", [x]);
/** The Gauss error function. */
export const erf = (x: Value): Value => apply("erf", [x]);
/** Each element clamped between two bounds; the gradient is 0 outside them. */
export const clamp = (x: Value, low: number, high: number): Value => apply("clamp", [x], { low, high });
/** `x`, treated as a constant by the gradient. */
export const detach = (x: Value): Value => apply("detach", [x]);
/** The sign of each element: −1, 0 or 1. Its gradient is zero. */
export const sign = (x: Value): Value => apply("sign", [x]);
/** Each element rounded toward zero. Its gradient is zero. */
export const truncate = (x: Value): Value => apply("truncate", [x]);
/** The elements converted to another floating-point type. */
export const cast = (x: Value, to: DataType): Value => x.dtype === to ? x : apply("cast", [x], { to });
/**
 * The matrix [rows, columns] that a quantized weight encodes: codes in blocks of 32 or 64 [rows · blocks, size], as their
 * type says, and one scale per block [rows · blocks]. Not differentiable.
 *
 * @param zeros For types that have them, the code of each block that represents 0, as leaves: uint4 [rows · blocks], and
 * the same with a whole number of bytes per row, uint8 [rows, ⌈blocks/2⌉].
 */
export const dequantize = (codes: Value, scales: Value, columns: number, zeros: readonly Value[] = []): Value =>
  apply("dequantize", [codes, scales, ...zeros], { columns });

/** The sum over axes, which are kept with extent 1 if `keep`. */
export function reduceSum(x: Value, axes: readonly number[], keep = false): Value {
  if (axes.length === 0) return x;
  return apply("reduceSum", [x], { axes: axes.map((axis) => normalizeAxis(axis, x.shape.length)).sort(), keep });
}
/** The mean over axes, which are kept with extent 1 if `keep`. */
export function reduceMean(x: Value, axes: readonly number[], keep = false): Value {
  if (axes.length === 0) return x;
  return apply("reduceMean", [x], { axes: axes.map((axis) => normalizeAxis(axis, x.shape.length)).sort(), keep });
}
/** The sum over every axis that broadcasting from `shape` to `x` added or stretched. */
export function sumTo(x: Value, shape: Shape): Value {
  const added = x.shape.length - shape.length;
  const stretched = shape.flatMap((dimension, axis) =>
    dimension === 1 && x.shape[axis + added] !== 1 ? [axis + added] : []
  );
  const reduced = reduceSum(x, [...Array.from({ length: added }, (_, axis) => axis), ...stretched], true);
  return reshape(reduced, shape);
}
/** The exponentials divided by their sum along the last axis. */
export const softmax = (x: Value): Value => apply("softmax", [x]);
/** `ln Σ eˣ` over the last axis, which is kept with extent 1. */
export const logSumExp = (x: Value): Value => apply("logSumExp", [x]);
/** `x / √(mean(x²) + ε) · weight` over the last axis (Zhang & Sennrich 2019). */
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value => apply("rmsNorm", [x, weight], { epsilon });
/** `1 / √(mean(x²) + ε)` over the last axis, kept with extent 1; `weight` only allows it to share rmsNorm's node. */
export const inverseRms = (x: Value, weight: Value, epsilon: number): Value =>
  apply("inverseRms", [x, weight], { epsilon });

/** `(x − mean) / √(variance + ε) · weight + bias` over the last axis (Ba et al. 2016). */
export const layerNorm = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  apply("layerNorm", [x, weight, bias], { epsilon });
/** The mean over the last axis, kept with extent 1; weight and bias only allow it to share layerNorm's node. */
export const layerMean = (x: Value, weight: Value, bias: Value, epsilon: number): Value =>
  apply("layerMean", [x, weight, bias], { epsilon });
/** `1 / √(variance + ε)` over the last axis, kept with extent 1; see {@linkcode layerMean}. */
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
 * `softmax(scale·q·kᵀ + mask)·v`, computed for a part of the rows at a time: queries [batch, heads, rows, width], a
 * mask that broadcasts to [batch, heads, rows, all lengths], and keys and values [batch or 1, heads, length, width] of
 * each run in order.
 */
export const attend = (
  queries: Value,
  mask: Value,
  runs: readonly { readonly key: Value; readonly value: Value }[],
  options: AttendAttributes,
): Value => apply("attend", [queries, mask, ...runs.flatMap(({ key, value }) => [key, value])], { ...options });
/**
 * The cotangents of the operands of {@linkcode attend}, concatenated: of the queries, then of marked runs' keys and
 * values.
 */
export const attendGradient = (
  inputs: readonly Value[],
  cotangent: Value,
  attributes: AttendGradientAttributes,
): Value => apply("attendGradient", [...inputs, cotangent], attributes);

/** The same elements in another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("reshape", [x], { shape: [...shape] });
}
/** `x` with its axes reordered: axis `i` of the result is axis `permutation[i]` of `x`. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return permutation.every((axis, index) => axis === index) ? x : apply("transpose", [x], { permutation });
}
/** The elements from `start` up to, but excluding, `end` along an axis. */
export function slice(x: Value, axis: number, start: Dimension, end: Dimension): Value {
  const at = normalizeAxis(axis, x.shape.length);
  return start === 0 && end === x.shape[at] ? x : apply("slice", [x], { axis: at, start, end });
}
/** The tensors concatenated along an axis. */
export function concat(parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (first === undefined) throw new TypeError("concat needs at least one tensor");
  return parts.length === 1 ? first : apply("concat", parts, { axis: normalizeAxis(axis, first.shape.length) });
}
/** `x` with zeros added before and after it along an axis. */
export function pad(x: Value, axis: number, before: Dimension, after: Dimension): Value {
  if (before === 0 && after === 0) return x;
  return apply("pad", [x], { axis: normalizeAxis(axis, x.shape.length), before, after });
}
/** `x` broadcast to a shape: repeated along axes of extent 1. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply("expand", [x], { shape: [...shape] });
}
/**
 * `x`, available only after some other values: whatever is computed from the result is computed after them, even if it
 * was already computed from `x`.
 */
export const barrier = (x: Value, before: readonly Value[]): Value => apply("barrier", [x, ...before]);

/** The rows of `x` [rows, …] at the indices. Its gradient runs on WebGPU only if they are a column [n, 1]. */
export const gatherRows = (x: Value, indices: Value): Value => apply("gatherRows", [x, indices]);
/**
 * Zeros [rows, …] with the updates [n, …] added to the rows at the indices [n] or [n, 1]. `distinct` promises that no
 * index occurs twice.
 */
export const scatterRows = (updates: Value, indices: Value, rows: Dimension, distinct: boolean): Value =>
  apply("scatterRows", [updates, indices], { rows, distinct });
/** Each row's negative log-likelihood of its label: from logits [n, classes] and labels [n, 1], losses [n, 1]. */
export const crossEntropy = (logits: Value, labels: Value): Value => apply("crossEntropy", [logits, labels]);
/** `softmax(logits) − onehot(labels)`, the gradient of each row's cross-entropy. */
export const crossEntropyGradient = (logits: Value, labels: Value): Value =>
  apply("crossEntropyGradient", [logits, labels]);
/**
 * Rotary position embedding (Su et al. 2021): from x [batch, tokens, heads · headWidth], cosines and sines [batch,
 * tokens, turned/2]. The first `turned` elements of each head are rotated in pairs: element i is paired with i +
 * turned/2, as in Llama, or, interleaved, with its neighbour, as in GPT-J.
 */
export function rotary(x: Value, cosines: Value, sines: Value, heads: number, interleaved = false): Value {
  const turned = 2 * Number(cosines.shape[2]);
  return apply("rotary", [x, cosines, sines], { heads, turned, interleaved });
}
