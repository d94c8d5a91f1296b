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
import { type DataType, type Program, type Value, valuesOf } from "../program/program.ts";
import { definitionOf, isOperation } from "../table/mod.ts";

export const elementBytes: Record<DataType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  uint8: 1,
  uint4: 0.5,
  uint8x64: 1,
  uint4x64: 0.5,
};

/** The bytes that a value occupies. */
export function bytesOf(value: Value): Dimension {
  return multiplyDimensions(elementCount(value.shape), elementBytes[value.dtype]);
}

/** The floating-point operations that computing a value from its operands takes; a multiply-add counts two. */
export function flopsOf(value: Value): Dimension {
  return isOperation(value) ? definitionOf(value.op).price.flops(value) : 0;
}

/** The floating-point operations of a program: of its matrix products, and in total. */
export function programFlops(program: Program): { readonly matmul: Dimension; readonly all: Dimension } {
  const values = valuesOf(program).filter(isOperation);
  return {
    matmul: addDimensions(...values.filter(({ op }) => definitionOf(op).price.isProduct).map(flopsOf)),
    all: addDimensions(...values.map(flopsOf)),
  };
}

/** Whether a value is a weight stored in 16 bits or fewer, as float32. */
export function isWidenedWeight(value: Value): boolean {
  return isOperation(value) && definitionOf(value.op).price.held === "perUse" &&
    value.inputs.every(({ op }) => op === "weight");
}

/**
 * The peak memory of a program's computed values, in bytes, if values are computed in the order listed and each is
 * freed after its last use. A runtime with another order or a padded arena takes somewhat more. A weight that is
 * widened for each use does not stay in memory between uses and is not counted.
 */
export function peakBytes(program: Program, extents: Bindings): number {
  const values = valuesOf(program).filter(isOperation);
  const isView = (value: Value) => isOperation(value) && definitionOf(value.op).price.held === "operand";
  const owner = (value: Value): Value => (isView(value) ? owner(value.inputs[0]!) : value);
  const lastUse = new Map<Value, number>();
  values.forEach((value, at) => value.inputs.forEach((operand) => lastUse.set(owner(operand), at)));
  for (const value of Object.values(program.outputs)) lastUse.set(owner(value), values.length);
  const freed = values.map((): Value[] => []);
  for (const value of values) freed[lastUse.get(value) ?? values.length]?.push(value);
  const sizeOf = (value: Value) => {
    return isView(value) || isWidenedWeight(value) ? 0 : evaluateDimension(bytesOf(value), extents);
  };
  let live = 0, peak = 0;
  values.forEach((value, at) => {
    live += sizeOf(value);
    peak = Math.max(peak, live + definitionOf(value.op).price.scratchBytes(value, extents));
    for (const done of freed[at] ?? []) live -= sizeOf(done);
  });
  return peak;
}
