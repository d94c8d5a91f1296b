/**
 * What a value costs: floating-point operations and bytes, as polynomials in the program's symbols.
 *
 * @module
 */
import {
  addDimensions,
  type Bindings,
  type Dimension,
  elementCount,
  evaluateDimension,
  multiplyDimensions,
} from "../program/dimension.ts";
import { type DataType, isLeaf, type Program, type Value, valuesOf } from "../program/program.ts";

const elementBytes: Record<DataType, number> = { float32: 4, float16: 2, bfloat16: 2, int64: 8, int8: 1, uint4: 0.5 };

const moves = new Set(["reshape", "transpose", "slice", "concat", "pad", "expand", "gatherRows", "cast", "barrier"]);

/** Operations that consist of matrix products. */
const products = new Set(["matmul", "attend", "attendGradient"]);

/** Operations that touch every element of their first operand to give fewer. */
const folds = new Set(["reduceSum", "reduceMean", "inverseRms", "layerMean", "inverseDeviation", "crossEntropy"]);

/** The bytes that a value occupies. */
export function bytesOf(value: Value): Dimension {
  return multiplyDimensions(elementCount(value.shape), elementBytes[value.dtype]);
}

/** The floating-point operations that computing a value from its operands takes; a multiply-add counts two. */
export function flopsOf(value: Value): Dimension {
  if (isLeaf(value) || moves.has(value.op)) return 0;
  const [first] = value.inputs as readonly [Value];
  if (value.op === "attend" || value.op === "attendGradient") {
    // Two products forward; the gradient makes one of them again and has four of its own.
    const [, heads, rows, width] = first.shape as readonly [Dimension, Dimension, Dimension, Dimension];
    const length = (value.inputs[1] as Value).shape[3] as Dimension, products = value.op === "attend" ? 2 : 5;
    return multiplyDimensions(2 * products, first.shape[0] as Dimension, heads, rows, length, width);
  }
  if (value.op === "matmul") {
    const inner = first.shape[first.shape.length - (value.attributes["transposeA"] ? 2 : 1)] ?? 1;
    return multiplyDimensions(2, elementCount(value.shape), inner);
  }
  return elementCount(folds.has(value.op) ? first.shape : value.shape);
}

/** The floating-point operations of a program's matrix products, and of everything. */
export function programFlops(program: Program): { readonly matmul: Dimension; readonly all: Dimension } {
  const values = valuesOf(program);
  return {
    matmul: addDimensions(...values.filter(({ op }) => products.has(op)).map(flopsOf)),
    all: addDimensions(...values.map(flopsOf)),
  };
}

/** Whether a value is a weight stored in 16 bits or fewer, as float32. */
export function isWidenedWeight({ op, inputs }: Value): boolean {
  return (op === "cast" || op === "dequantize") && inputs.every((operand) => operand.op === "weight");
}

/** Operations whose result shares its operand's memory. */
const views = new Set(["reshape"]);

/** What is in memory only while a value is computed: a part's scores, their exponentials and what either gets back. */
function scratchBytes({ op, inputs, attributes }: Value, extents: Bindings): number {
  if (op !== "attend" && op !== "attendGradient") return 0;
  const [batch, heads, rows] = (inputs[0] as Value).shape as readonly [Dimension, Dimension, Dimension];
  const length = (inputs[1] as Value).shape[3] as Dimension, copies = op === "attend" ? 2 : 4;
  const scores = evaluateDimension(multiplyDimensions(4, batch, heads, rows, length), extents);
  return copies * scores / Number(attributes["parts"]);
}

/**
 * The bytes that the computed values of a program occupy at most at one time, if each is freed after its last use and
 * values are computed in the order listed. A runtime with another order or a padded arena takes somewhat more. A weight
 * that is widened anew for each use never lives from one to the next, and is not counted.
 */
export function peakBytes(program: Program, extents: Bindings): number {
  const values = valuesOf(program).filter((value) => !isLeaf(value));
  const owner = (value: Value): Value => (views.has(value.op) ? owner(value.inputs[0] as Value) : value);
  const lastUse = new Map<Value, number>();
  values.forEach((value, at) => value.inputs.forEach((operand) => lastUse.set(owner(operand), at)));
  for (const value of Object.values(program.outputs)) lastUse.set(owner(value), values.length);
  const freed = values.map((): Value[] => []);
  for (const value of values) freed[lastUse.get(value) ?? values.length]?.push(value);
  const sizeOf = (value: Value) => {
    return views.has(value.op) || isWidenedWeight(value) ? 0 : evaluateDimension(bytesOf(value), extents);
  };
  let live = 0, peak = 0;
  values.forEach((value, at) => {
    live += sizeOf(value);
    peak = Math.max(peak, live + scratchBytes(value, extents));
    for (const done of freed[at] ?? []) live -= sizeOf(done);
  });
  return peak;
}
