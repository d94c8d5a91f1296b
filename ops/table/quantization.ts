/**
 * Quantized weights. A matrix [rows, columns] is stored in blocks of neighbours in a row, each with one scale: `w = scale
 * · (code − zero)`. The layout is that of ONNX's MatMulNBits; if the number of columns is not a multiple of a block's
 * size, the last block of a row is padded.
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

/** The properties of a type of codes. */
interface CodeKind {
  readonly bits: 4 | 8;
  /** How many neighbours in a row share a scale. */
  readonly size: number;
  /** The code that represents 0, from which the others count down and up; `undefined` if each block has its own. */
  readonly zero: number | undefined;
}

/** The types of codes. */
export const codeKinds: Readonly<Record<CodeType, CodeKind>> = {
  uint4: { bits: 4, size: 32, zero: 8 },
  uint8: { bits: 8, size: 32, zero: 128 },
  uint4x64: { bits: 4, size: 64, zero: undefined },
  uint8x64: { bits: 8, size: 64, zero: 128 },
};

/** Whether a type is a type of codes. */
export function isCodeType(dtype: DataType): dtype is CodeType {
  return Object.hasOwn(codeKinds, dtype);
}

/** How many blocks a row has. */
export function blocksOf(columns: number, type: CodeType): number {
  return Math.ceil(columns / codeKinds[type].size);
}

/** The bytes of the zeros of a row's blocks, two to a byte. */
export function zeroBytes(columns: number, type: CodeType): number {
  return Math.ceil(blocksOf(columns, type) / 2);
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
      const { dtype, shape: [count, size] } = codes;
      const rows = isCodeType(dtype) ? Number(count) / blocksOf(columns, dtype) : NaN;
      const fits = isCodeType(dtype) && size === codeKinds[dtype].size && scales.dtype === "float32" &&
        scales.shape.length === 1 && scales.shape[0] === count && Number.isInteger(rows) &&
        hasZeros(inputs.slice(2), dtype, [rows, columns]);
      if (!fits) {
        throw new TypeError(
          `dequantize cannot make rows of ${columns} of ${
            inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`).join(" and ")
          }`,
        );
      }
      return { shape: [rows, columns], dtype: "float32" };
    },
    vjp: notDifferentiable("dequantize"),
    onnx(emit, value) {
      const codes = operand(value, 0), rows = evaluateDimension(value.shape[0]!, {}), { columns } = value.attributes;
      const type = codes.dtype as CodeType, { zero, size } = codeKinds[type];
      const zeros = zero === undefined
        ? emit.of(operand(value, 2))
        : emit.codes(type, zero, evaluateDimension(codes.shape[0]!, {}));
      // Treating each block as a row is two to four times as fast as an axis of blocks.
      const blocks = emit.node("DequantizeLinear", [emit.of(codes), emit.of(operand(value, 1)), zeros], {
        axis: { int: 0 },
      });
      const whole = blocksOf(columns, type) * size;
      return firstColumns(emit, emit.node("Reshape", [blocks, emit.integers([rows, whole])]), whole, columns);
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: { ...perElement, held: "perUse" },
  },
};

/** Whether the zeros of a quantized matrix are there as its type requires. */
function hasZeros(zeros: readonly Value[], type: CodeType, [rows, columns]: readonly [number, number]): boolean {
  if (codeKinds[type].zero !== undefined) return zeros.length === 0;
  const [flat, byRow] = zeros, count = rows * blocksOf(columns, type);
  return zeros.length === 2 && flat!.dtype === "uint4" && flat!.shape.join() === String(count) &&
    byRow!.dtype === "uint8" && byRow!.shape.join() === [rows, zeroBytes(columns, type)].join();
}

/**
 * `x·wᵀ` with quantized weights, one after the other, as one node that packs the codes for itself; `undefined` if the
 * session does not pack weights or they are not quantized. The node rounds `x` to 8 bits, each block relative to its
 * largest, which makes it faster than a product in float32 by as much as the codes are smaller.
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
  const { dtype: type } = codes, { bits, size, zero } = codeKinds[type];
  const columns = evaluateDimension(weight.shape[1]!, {}), blocks = blocksOf(columns, type);
  const packed = emit.under(weights.map((each) => operand(each, 0)), [rows, blocks, size * bits / 8]);
  const scales = weights.length === 1
    ? emit.of(operand(weight, 1))
    : emit.under(weights.map((each) => operand(each, 1)), [rows * blocks]);
  const zeros = zero === undefined
    ? [emit.under(weights.map((each) => operand(each, 3)), [rows * zeroBytes(columns, type)])]
    : [];
  const product = emit.node("MatMulNBits", [emit.of(x), packed, scales, ...zeros], {
    K: { int: columns },
    N: { int: rows },
    bits: { int: bits },
    block_size: { int: size },
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
  const { bits, size, zero } = codeKinds[codes.dtype], perRow = blocksOf(columns, codes.dtype), whole = perRow * size;
  const gather = (from: TensorName) => emit.node("Gather", [from, indices], { axis: { int: 0 } });
  const own = emit.under([codes], [rows, whole * bits / 8]), factors = emit.under([scales], [rows, perRow]);
  if (emit.kernels.gatherBlockQuantized) {
    const zeros = zero === undefined ? [emit.under([operand(table, 3)], [rows, zeroBytes(columns, codes.dtype)])] : [];
    const gathered = emit.node("GatherBlockQuantized", [own, indices, factors, ...zeros], {
      bits: { int: bits },
      block_size: { int: size },
      gather_axis: { int: 0 },
      quantize_axis: { int: 1 },
    }, "com.microsoft");
    return firstColumns(emit, gathered, whole, columns);
  }
  if (bits !== 8 || zero === undefined) return undefined;
  const plain = emit.node("Sub", [cast(emit, gather(own), "float32"), emit.floats([zero])]);
  const blocks = emit.node("Reshape", [plain, emit.integers([-1, size])]);
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
