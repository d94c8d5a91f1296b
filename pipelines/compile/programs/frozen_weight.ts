/** A frozen weight as a value of a program. @module */
import type { Shape } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { type DataType, type Value, weight } from "../../../ops/program/program.ts";
import { blocksOf, codeKinds, isCodeType, zeroBytes } from "../../../ops/table/quantization.ts";
import { partsOf } from "../../models/open/quantized_weights.ts";

/** A weight in float32, converted from its stored form: 16 or 32-bit numbers, or codes and scales. */
export function frozenWeight(name: string, shape: Shape, storedType: DataType): Value {
  if (!isCodeType(storedType)) return o.cast(weight(name, shape, storedType), "float32");
  const [rows, columns] = shape as readonly [number, number];
  const { codes, scales, zeros: [flat, byRow] } = partsOf(name), { size, zero } = codeKinds[storedType];
  const count = rows * blocksOf(columns, storedType);
  const zeros = zero === undefined
    ? [weight(flat, [count], "uint4"), weight(byRow, [rows, zeroBytes(columns, storedType)], "uint8")]
    : [];
  return o.dequantize(weight(codes, [count, size], storedType), weight(scales, [count]), columns, zeros);
}
