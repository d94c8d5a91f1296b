/** The matrix product. @module */
import { multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import { broadcast, type OpDefinition, operand, type Operators } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { emitProduct, type ProductSettings } from "./product.ts";

const settingsOf = (value: Pick<Value, "attributes">): ProductSettings => ({
  transposeA: value.attributes["transposeA"] === true,
  transposeB: value.attributes["transposeB"] === true,
  alpha: Number(value.attributes["alpha"]),
});

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

/** All axes but the last as one. */
function rowsOf(o: Operators, x: Value): Value {
  const last = x.shape[x.shape.length - 1]!;
  return o.reshape(x, [multiplyDimensions(...x.shape.slice(0, -1)), last]);
}

/** The cotangent of `b`: of a matrix shared by all leading axes, in one product over every row. */
function rightCotangent(o: Operators, g: Value, a: Value, b: Value, settings: ProductSettings): Value {
  const { transposeA, transposeB, alpha } = settings;
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

function leftCotangent(o: Operators, g: Value, a: Value, b: Value, settings: ProductSettings): Value {
  const { transposeA, transposeB, alpha } = settings;
  const full = transposeA
    ? o.matmul(b, g, { transposeA: transposeB, transposeB: true, alpha })
    : o.matmul(g, b, { transposeB: !transposeB, alpha });
  return o.sumTo(full, a.shape);
}

function emitPlain(emit: Emitter, value: Value, { transposeA, transposeB, alpha }: ProductSettings): string {
  const side = (index: number, transposed: boolean) => {
    const x = operand(value, index);
    if (!transposed) return emit.of(x);
    return emit.node("Transpose", [emit.of(x)], { perm: { ints: swapLast(x) } });
  };
  const product = emit.node("MatMul", [side(0, transposeA), side(1, transposeB)]);
  return alpha === 1 ? product : emit.node("Mul", [product, emit.floats([alpha])]);
}

/** The rows of the table. */
export const linalg = {
  matmul: {
    infer(inputs, attributes) {
      const [a, b] = inputs as readonly [Value, Value];
      const settings = settingsOf({ attributes });
      const [rows, inner] = matrixShape(a, settings.transposeA);
      const [innerB, columns] = matrixShape(b, settings.transposeB);
      if (inner !== innerB || a.dtype !== "float32" || b.dtype !== "float32") {
        throw new TypeError(
          `matmul cannot multiply ${a.dtype}[${a.shape.join(", ")}] by ${b.dtype}[${b.shape.join(", ")}] with ${
            JSON.stringify(settings)
          }`,
        );
      }
      return {
        shape: [...broadcast("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns],
        dtype: "float32",
      };
    },
    vjp(o, g, value, [needsLeft, needsRight]) {
      const a = operand(value, 0), b = operand(value, 1), settings = settingsOf(value);
      return [
        needsLeft ? leftCotangent(o, g, a, b, settings) : undefined,
        needsRight ? rightCotangent(o, g, a, b, settings) : undefined,
      ];
    },
    onnx(emit, value) {
      const settings = settingsOf(value);
      return emit.provider === "cpu" ? emitProduct(emit, value, settings) : emitPlain(emit, value, settings);
    },
  },
} satisfies Record<string, OpDefinition>;
