/**
 * Matrix products on the cpu.
 *
 * A frozen weight that is stored in fewer bits is widened anew for each product, so that all that ever lives of it in
 * float32 is one product's operand. Where even that is large, as with a head over a vocabulary, the product is made in
 * parts, each of some of the weight's rows.
 *
 * @module
 */
import { bytesOf, isWidenedWeight } from "../passes/cost.ts";
import { evaluateDimension } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import { operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import type { TensorName } from "../onnx/graph_writer.ts";
import { emitPackedProduct } from "./quantization.ts";

/** How a matrix product reads its operands. */
export interface ProductSettings {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
}

/** No more of a weight is widened at once, in bytes of float32. */
const mostWidened = 2 ** 25;

/** Writes a matrix product for the cpu. */
export function emitProduct(emit: Emitter, value: Value, settings: ProductSettings): TensorName {
  const [a, b] = [operand(value, 0), operand(value, 1)];
  const { transposeA, transposeB, alpha } = settings;
  const packed = !transposeA && transposeB ? emitPackedProduct(emit, a, b, alpha) : undefined;
  if (packed !== undefined) return packed;
  const parts = transposeA ? [] : partsOf(emit, b);
  if (parts.length < 2) return multiply(emit, emit.of(a), emit.of(b), settings);
  if (transposeB) {
    const products = parts.map(({ rows }) => multiply(emit, emit.of(a), emit.of(rows), settings));
    return emit.node("Concat", products, { axis: { int: -1 } });
  }
  const along = emit.integers([-1]);
  return parts.map(({ rows, start, end }) => {
    const columns = emit.node("Slice", [emit.of(a), emit.integers([start]), emit.integers([end]), along]);
    return multiply(emit, columns, emit.of(rows), settings);
  }).reduce((sum, part) => emit.node("Add", [sum, part]));
}

function multiply(
  emit: Emitter,
  a: TensorName,
  b: TensorName,
  { transposeA, transposeB, alpha }: ProductSettings,
): TensorName {
  if (!transposeA && !transposeB && alpha === 1) return emit.node("MatMul", [a, b]);
  return emit.node("FusedMatMul", [a, b], {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
    alpha: { float: alpha },
  }, "com.microsoft");
}

/** A large widened weight [rows, columns] as several of fewer rows; nothing for any other value. */
function partsOf(
  emit: Emitter,
  value: Value,
): readonly { readonly rows: Value; readonly start: number; readonly end: number }[] {
  if (!isWidenedWeight(value)) return [];
  const all = value.shape[0] as number, count = Math.ceil(evaluateDimension(bytesOf(value), {}) / mostWidened);
  const size = Math.ceil(all / Math.max(1, count));
  return Array.from({ length: Math.ceil(all / size) }, (_, part) => {
    const start = part * size, end = Math.min(all, start + size);
    return { rows: emit.rowsOf(value, start, end), start, end };
  });
}
