/** The matrix product. @module */
import { elementCount, multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import type { Builder, MatmulAttributes } from "./builder.ts";
import { broadcast, type Definitions, noExtents, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { emitProduct } from "./product.ts";

function matrixShape(x: Value, transposed: boolean) {
  const rank = x.shape.length;
  if (rank < 2) throw new TypeError(`matmul needs matrices but found [${x.shape.join(", ")}]`);
  const [rows, columns] = [x.shape[rank - 2]!, x.shape[rank - 1]!];
  return transposed ? [columns, rows] as const : [rows, columns] as const;
}

function swapLast(x: Value): number[] {
  const axes = x.shape.map((_, axis) => axis);
  return [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
}

/** All axes but the last merged into one. */
function rowsOf(o: Builder, x: Value): Value {
  const last = x.shape[x.shape.length - 1]!;
  return o.reshape(x, [multiplyDimensions(...x.shape.slice(0, -1)), last]);
}

/** The cotangent of `b`; one product over all rows if the leading axes share one matrix. */
function rightCotangent(
  o: Builder,
  g: Value,
  a: Value,
  b: Value,
  { transposeA, transposeB, alpha }: MatmulAttributes,
): Value {
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    const [left, right] = [rowsOf(o, a), rowsOf(o, g)];
    return transposeB
      ? o.matmul(right, left, { transposeA: true, alpha })
      : o.matmul(left, right, { transposeA: true, alpha });
  }
  const full = transposeB
    ? o.matmul(g, a, { transposeA: true, transposeB: transposeA, alpha })
    : o.matmul(a, g, { transposeA: !transposeA, alpha });
  return o.sumTo(full, b.shape);
}

function leftCotangent(
  o: Builder,
  g: Value,
  a: Value,
  b: Value,
  { transposeA, transposeB, alpha }: MatmulAttributes,
): Value {
  const full = transposeA
    ? o.matmul(b, g, { transposeA: transposeB, transposeB: true, alpha })
    : o.matmul(g, b, { transposeB: !transposeB, alpha });
  return o.sumTo(full, a.shape);
}

function emitPlain(emit: Emitter, value: Value, { transposeA, transposeB, alpha }: MatmulAttributes): string {
  const side = (index: number, transposed: boolean) => {
    const x = operand(value, index);
    if (!transposed) return emit.of(x);
    return emit.node("Transpose", [emit.of(x)], { perm: { ints: swapLast(x) } });
  };
  const product = emit.node("MatMul", [side(0, transposeA), side(1, transposeB)]);
  return alpha === 1 ? product : emit.node("Mul", [product, emit.floats([alpha])]);
}

/** Whether both operands are matrices to Gemm: the first may have more axes if its last one is multiplied. */
function fitsGemm({ inputs: [a, b] }: Value, { transposeA }: MatmulAttributes): boolean {
  return b!.shape.length === 2 && (a!.shape.length === 2 || !transposeA) &&
    a!.shape.every((extent) => extent !== 0);
}

/** One product of all rows, which reads its operands transposed without a copy. */
function emitGemm(emit: Emitter, value: Value, { transposeA, transposeB, alpha }: MatmulAttributes): string {
  const a = operand(value, 0), b = operand(value, 1), last = a.shape[a.shape.length - 1]!;
  const rows = multiplyDimensions(...value.shape.slice(0, -1)), columns = value.shape[value.shape.length - 1]!;
  const isMatrix = a.shape.length === 2;
  const product = emit.node(
    "Gemm",
    [isMatrix ? emit.of(a) : emit.reshape(emit.of(a), a.shape, [rows, last]), emit.of(b)],
    { transA: { int: transposeA ? 1 : 0 }, transB: { int: transposeB ? 1 : 0 }, alpha: { float: alpha } },
  );
  return isMatrix ? product : emit.reshape(product, [rows, columns], value.shape);
}

function emitMatmul(emit: Emitter, value: Value, settings: MatmulAttributes): string {
  if (emit.kernels.fusedMatMul) return emitProduct(emit, value, settings);
  const isTransposed = settings.transposeA || settings.transposeB;
  return emit.kernels.gemm && isTransposed && fitsGemm(value, settings)
    ? emitGemm(emit, value, settings)
    : emitPlain(emit, value, settings);
}

/** The attributes of matrix products. */
export interface LinalgAttributes {
  readonly matmul: MatmulAttributes;
}

/** The rows of the table. */
export const linalg: Definitions<LinalgAttributes> = {
  matmul: {
    infer(inputs, { transposeA, transposeB, alpha }) {
      const a = operand({ op: "matmul", inputs }, 0), b = operand({ op: "matmul", inputs }, 1);
      const [rows, inner] = matrixShape(a, transposeA), [innerB, columns] = matrixShape(b, transposeB);
      if (inner !== innerB || a.dtype !== "float32" || b.dtype !== "float32") {
        throw new TypeError(
          `matmul cannot multiply ${a.dtype}[${a.shape.join(", ")}] by ${b.dtype}[${b.shape.join(", ")}] with ${
            JSON.stringify({ transposeA, transposeB, alpha })
          }`,
        );
      }
      return {
        shape: [...broadcast("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns],
        dtype: "float32",
      };
    },
    vjp(o, g, value, [needsLeft, needsRight]) {
      const a = operand(value, 0), b = operand(value, 1);
      return [
        needsLeft ? leftCotangent(o, g, a, b, value.attributes) : undefined,
        needsRight ? rightCotangent(o, g, a, b, value.attributes) : undefined,
      ];
    },
    onnx: (emit, value) => emitMatmul(emit, value, value.attributes),
    extents: noExtents,
    // The right operand must be the same for all tokens.
    tokenwise: ({ inputs: [a, b], attributes: { transposeA } }, isOfTokens) =>
      !transposeA && isOfTokens(a!) && b!.shape.length === 2,
    price: {
      flops: (value) => {
        const { shape } = operand(value, 0), inner = shape[shape.length - (value.attributes.transposeA ? 2 : 1)]!;
        return multiplyDimensions(2, elementCount(value.shape), inner);
      },
      isProduct: true,
      scratchBytes: () => 0,
      held: "own",
    },
  },
};
