import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** `x·weightᵀ + bias`: x [..., in], weight [out, in], bias [out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const product = o.matmul(x, weight, { transposeB: true });
  return bias === undefined ? product : o.add(product, bias);
}
