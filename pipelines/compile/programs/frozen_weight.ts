/** A frozen weight as a value of a program. @module */
import type { Shape } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { type DataType, type Value, weight } from "../../../ops/program/program.ts";
import { blockSize, blocksOf, isCodeType } from "../../../ops/table/quantization.ts";
import { partsOf } from "../../models/open/quantized_weights.ts";

/** A weight in float32, converted from its stored form: 16 or 32-bit numbers, or codes and scales. */
export function frozenWeight(name: string, shape: Shape, storedType: DataType): Value {
  if (!isCodeType(storedType)) return o.cast(weight(name, shape, storedType), "float32");
  const [rows, columns] = shape as readonly [number, number];
  const { codes, scales } = partsOf(name), count = rows * blocksOf(columns);
  return o.dequantize(weight(codes, [count, blockSize], storedType), weight(scales, [count]), columns);
}
