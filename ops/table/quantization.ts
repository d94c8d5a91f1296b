/**
 * Quantized weights. A matrix [rows, columns] is stored in blocks of 32 neighbours in a row, each with one scale: `w =
 * scale · code`. The layout is that of ONNX's MatMulNBits; if the number of columns is not a multiple of 32, the last
 * block of a row is padded.
 *
 * @module
 */
import type { TensorName } from "../onnx/graph_writer.ts";
import { cast } from "../onnx/nodes.ts";
import { evaluateDimension } from "../program/dimension.ts";
import { type CodeType, type DataType, isLeaf, type Value } from "../program/program.ts";
import { acrossTokens, type Definitions, noExtents, notDifferentiable, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { perElement } from "./price.ts";

/** How many neighbours in a row share a scale. */
export const blockSize = 32;

/** The properties of a type of codes. */
interface CodeKind {
  readonly bits: number;
  /** The code that represents 0, from which the others count down and up. */
  readonly zero: number;
}

/** The types of codes. */
export const codeKinds: Readonly<Record<CodeType, CodeKind>> = {
  uint4: { bits: 4, zero: 8 },
  uint8: { bits: 8, zero: 128 },
};

/** Whether a type is a type of codes. */
export function isCodeType(dtype: DataType): dtype is CodeType {
  return Object.hasOwn(codeKinds, dtype);
}

/** How many blocks a row has. */
export function blocksOf(columns: number): number {
  return Math.ceil(columns / blockSize);
}

/** The attributes of operations on codes. */
export interface QuantizationAttributes {
  readonly dequantize: { readonly columns: number };
}

/** The rows of the table. */
export const quantization: Definitions<QuantizationAttributes> = {
  dequantize: {
    infer(inputs, { columns }) {
      const codes = operand({ op: "dequantize", inputs }, 0), scales = operand({ op: "dequantize", inputs }, 1);
      const [count, size] = codes.shape, rows = Number(count) / blocksOf(columns);
      const fits = isCodeType(codes.dtype) && size === blockSize && scales.dtype === "float32" &&
        scales.shape.length === 1 && scales.shape[0] === count && Number.isInteger(rows);
      if (!fits) {
        throw new TypeError(
          `dequantize cannot make rows of ${columns} of ${codes.dtype}[${codes.shape.join(", ")}] and [${
            scales.shape.join(", ")
          }]`,
        );
      }
      return { shape: [rows, columns], dtype: "float32" };
    },
    vjp: notDifferentiable("dequantize"),
    onnx(emit, value) {
      const codes = operand(value, 0), rows = evaluateDimension(value.shape[0]!, {}), { columns } = value.attributes;
      const type = codes.dtype as CodeType, { zero } = codeKinds[type];
      const zeros = emit.codes(type, zero, evaluateDimension(codes.shape[0]!, {}));
      // Treating each block as a row is two to four times as fast as an axis of blocks.
      const blocks = emit.node("DequantizeLinear", [emit.of(codes), emit.of(operand(value, 1)), zeros], {
        axis: { int: 0 },
      });
      const whole = blocksOf(columns) * blockSize;
      return firstColumns(emit, emit.node("Reshape", [blocks, emit.integers([rows, whole])]), whole, columns);
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: { ...perElement, held: "perUse" },
  },
};

/**
 * `x·wᵀ` with quantized weights, one after the other, as one node that packs the codes for itself; `undefined` if the
 * session does not pack weights or they are not quantized. The node rounds `x` to 8 bits, every 32 neighbours relative
 * to their largest, which makes it faster than a product in float32 by as much as the codes are smaller.
 */
export function emitPackedProduct(
  emit: Emitter,
  x: Value,
  weights: readonly Value[],
  alpha: number,
): TensorName | undefined {
  const [weight] = weights as readonly [Value];
  if (!emit.packs || !emit.kernels.matMulNBits || weight.op !== "dequantize") return undefined;
  const codes = operand(weight, 0);
  if (!isCodeType(codes.dtype) || !isLeaf(codes)) return undefined;
  const rows = weights.reduce((sum, { shape }) => sum + evaluateDimension(shape[0]!, {}), 0);
  const columns = evaluateDimension(weight.shape[1]!, {}), blocks = blocksOf(columns);
  const { bits } = codeKinds[codes.dtype];
  const packed = emit.under(weights.map((each) => operand(each, 0)), [rows, blocks, blockSize * bits / 8]);
  const scales = weights.length === 1
    ? emit.of(operand(weight, 1))
    : emit.under(weights.map((each) => operand(each, 1)), [rows * blocks]);
  const product = emit.node("MatMulNBits", [emit.of(x), packed, scales], {
    K: { int: columns },
    N: { int: rows },
    bits: { int: bits },
    block_size: { int: blockSize },
    // Level 4 computes in int8.
    accuracy_level: { int: 4 },
  }, "com.microsoft");
  return alpha === 1 ? product : emit.node("Mul", [product, emit.floats([alpha])]);
}

/**
 * Rows of a quantized table by their indices; only their codes are read and expanded. `undefined` for any other table.
 */
export function emitQuantizedRows(emit: Emitter, table: Value, indices: TensorName): TensorName | undefined {
  if (table.op !== "dequantize") return undefined;
  const codes = operand(table, 0), scales = operand(table, 1);
  if (!isCodeType(codes.dtype) || !isLeaf(codes) || !isLeaf(scales)) return undefined;
  const rows = evaluateDimension(table.shape[0]!, {}), columns = evaluateDimension(table.shape[1]!, {});
  const { bits, zero } = codeKinds[codes.dtype], perRow = blocksOf(columns), whole = perRow * blockSize;
  const gather = (from: TensorName) => emit.node("Gather", [from, indices], { axis: { int: 0 } });
  const own = emit.under([codes], [rows, whole * bits / 8]), factors = emit.under([scales], [rows, perRow]);
  if (emit.kernels.gatherBlockQuantized) {
    const gathered = emit.node("GatherBlockQuantized", [own, indices, factors], {
      bits: { int: bits },
      block_size: { int: blockSize },
      gather_axis: { int: 0 },
      quantize_axis: { int: 1 },
    }, "com.microsoft");
    return firstColumns(emit, gathered, whole, columns);
  }
  if (bits !== 8) return undefined;
  const plain = emit.node("Sub", [cast(emit, gather(own), "float32"), emit.floats([zero])]);
  const blocks = emit.node("Reshape", [plain, emit.integers([-1, blockSize])]);
  const each = emit.node("Reshape", [gather(factors), emit.integers([-1, 1])]);
  const flat = emit.node("Mul", [blocks, each]);
  const shape = emit.node("Concat", [emit.node("Shape", [indices]), emit.integers([whole])], { axis: { int: 0 } });
  return firstColumns(emit, emit.node("Reshape", [flat, shape]), whole, columns);
}

/** Rows without the columns that pad their last block. */
function firstColumns(emit: Emitter, filled: TensorName, whole: number, columns: number): TensorName {
  if (whole === columns) return filled;
  return emit.node("Slice", [filled, emit.integers([0]), emit.integers([columns]), emit.integers([-1])]);
}
