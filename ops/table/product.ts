/**
 * Matrix products on the CPU.
 *
 * A frozen weight that is stored in fewer bits is widened for each product, so that it is in memory in float32 only as
 * an operand of one product at a time. Where even that is large, as in a head over the vocabulary, the product is
 * computed in parts, each over some of the weight's rows.
 *
 * @module
 */
import type { TensorName } from "../onnx/graph_writer.ts";
import { evaluateDimension } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import type { MatmulAttributes } from "./builder.ts";
import { operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { emitPackedProduct } from "./quantization.ts";

/** The most bytes of float32 that a weight is widened to at a time. */
const mostWidened = 2 ** 25;

/** Writes a matrix product for the CPU. */
export function emitProduct(emit: Emitter, value: Value, settings: MatmulAttributes): TensorName {
  const [a, b] = [operand(value, 0), operand(value, 1)];
  const { transposeA, transposeB, alpha } = settings;
  const joined = emit.joined(value);
  if (joined.length > 1) return emitPart(emit, value, joined);
  const packed = !transposeA && transposeB ? emitPackedProduct(emit, a, [b], alpha) : undefined;
  if (packed !== undefined) return packed;
  const parts = transposeA ? [] : emit.rowParts(b, mostWidened);
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

/** The leaves of a weight that can be one part of a larger one; `undefined` for any other value. */
export function joinableLeaves(weight: Value): readonly Value[] | undefined {
  const leaves = weight.op === "dequantize" ? weight.inputs : weight.dtype === "float32" ? [weight] : [];
  return leaves.length > 0 && leaves.every(({ op }) => op === "weight") ? leaves : undefined;
}

/** Writes one of several products that one kernel computes: its columns of that kernel's result. */
function emitPart(emit: Emitter, value: Value, joined: readonly Value[]): TensorName {
  const x = operand(value, 0), weights = joined.map((product) => operand(product, 1));
  const rows = weights.map(({ shape }) => evaluateDimension(shape[0]!, {}));
  const whole = emitPackedProduct(emit, x, weights, 1) ?? emitFusedProduct(
    emit,
    emit.of(x),
    emit.under(weights, [rows.reduce((sum, each) => sum + each), evaluateDimension(weights[0]!.shape[1]!, {})]),
    { transposeA: false, transposeB: true, alpha: 1 },
  );
  const parts = emit.nodes("Split", [whole, emit.integers(rows)], rows.length, { axis: { int: -1 } });
  return parts[joined.indexOf(value)]!;
}

function multiply(emit: Emitter, a: TensorName, b: TensorName, settings: MatmulAttributes): TensorName {
  const { transposeA, transposeB, alpha } = settings;
  if (!transposeA && !transposeB && alpha === 1) return emit.node("MatMul", [a, b]);
  return emitFusedProduct(emit, a, b, settings);
}

/** Writes a matrix product with the kernel that can read its operands transposed and scale its result. */
export function emitFusedProduct(
  emit: Emitter,
  a: TensorName,
  b: TensorName,
  { transposeA, transposeB, alpha }: MatmulAttributes,
): TensorName {
  return emit.node("FusedMatMul", [a, b], {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
    alpha: { float: alpha },
  }, "com.microsoft");
}
