/**
 * Weights in 4 or 8 bits: matrices [rows, columns] in blocks of neighbours in a row, each with one scale. The layout is
 * that of the `dequantize` operation.
 *
 * @module
 */
import type { CodeType } from "../../../ops/program/program.ts";
import { blocksOf, codeKinds, zeroBytes } from "../../../ops/table/quantization.ts";
import { RequestError } from "../../common/errors.ts";

/** The number of bits of a quantized matrix. */
export type BitsName = "q4" | "q8";

/**
 * The type in which products of such matrices are computed: float32, or int8, to which the other operand is rounded.
 */
export type ComputeName = "float32" | "int8";

/** The bits of a frozen model's matrices, and the type in which its products are computed, if not float32. */
export type QuantizationName = BitsName | `${BitsName}-int8`;

/** The meanings of the names. */
export const quantizations: Readonly<
  Record<QuantizationName, { readonly bits: BitsName; readonly compute: ComputeName }>
> = {
  q4: { bits: "q4", compute: "float32" },
  q8: { bits: "q8", compute: "float32" },
  "q4-int8": { bits: "q4", compute: "int8" },
  "q8-int8": { bits: "q8", compute: "int8" },
};

/** The types of codes, by their bits. */
interface CodeTypes {
  /** Of matrices that are rounded here: 4 bits have a zero in each block, as most blocks are not symmetric. */
  readonly rounded: CodeType;
  /** With the numbers of GGUF's blocks. */
  readonly gguf: CodeType;
}

/** The types of a matrix's codes. */
export const codeTypes: Readonly<Record<BitsName, CodeTypes>> = {
  q4: { rounded: "uint4x64", gguf: "uint4" },
  q8: { rounded: "uint8x64", gguf: "uint8" },
};

/** All quantizations. */
export const quantizationNames: readonly QuantizationName[] = ["q4", "q8", "q4-int8", "q8-int8"];

/** Whether a value names a quantization. */
export function isQuantization(name: unknown): name is QuantizationName {
  return typeof name === "string" && Object.hasOwn(quantizations, name);
}

/** A matrix quantized in blocks. */
export interface QuantizedMatrix {
  /** Two codes of 4 bits per byte, the first in the lower half, or one of 8 [rows · blocks, codeBytes]. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** The scales [rows · blocks]. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** The code of each block that represents 0 [rows · blocks], for types that have them. */
  readonly zeros?: Uint8Array<ArrayBuffer>;
}

/** The bytes of a block's codes. */
export function codeBytes(type: CodeType): number {
  const { size, bits } = codeKinds[type];
  return size * bits / 8;
}

/** How the numbers of a block become codes. */
interface Rounding {
  /** Fills in a block's codes, and returns its scale and the code that represents 0. */
  readonly fill: (numbers: Float32Array, codes: Uint8Array) => { readonly scale: number; readonly zero: number };
}

/** Codes that are symmetric about 0. */
const symmetric = (fill: (numbers: Float32Array, codes: Uint8Array) => number, zero: number): Rounding => ({
  fill: (numbers, codes) => ({ scale: fill(numbers, codes), zero }),
});

const roundings: Readonly<Record<CodeType, Rounding>> = {
  uint4: symmetric(quantizeBlock4, 8),
  uint8: symmetric(quantizeBlock8, 128),
  uint8x64: symmetric(quantizeBlock8, 128),
  uint4x64: { fill: quantizeRange4 },
};

/**
 * Quantizes a matrix to 4 or 8 bits. With 8 bits a block's largest magnitude becomes ±127. With 4 bits that are symmetric
 * about 0, the largest magnitude, or the share of it that minimizes the block's squared error, becomes −8, which has no
 * positive counterpart; with a zero in each block, the block's range, or such a share of it, becomes 0 to 15.
 *
 * @param matrix The matrix, row by row; all numbers must be finite.
 * @throws {RangeError} If a number is not finite.
 */
export function quantize(matrix: Float32Array, columns: number, type: CodeType): QuantizedMatrix {
  const perRow = blocksOf(columns, type), rows = matrix.length / columns, count = rows * perRow;
  const { size, zero } = codeKinds[type], bytes = codeBytes(type), { fill } = roundings[type];
  const codes = new Uint8Array(count * bytes), scales = new Float32Array(count), zeros = new Uint8Array(count);
  for (let row = 0, block = 0; row < rows; row++) {
    for (let start = 0; start < columns; start += size, block++) {
      const numbers = matrix.subarray(row * columns + start, row * columns + Math.min(columns, start + size));
      const filled = fill(numbers, codes.subarray(block * bytes, (block + 1) * bytes));
      scales[block] = filled.scale;
      zeros[block] = filled.zero;
    }
  }
  return zero === undefined ? { codes, scales, zeros } : { codes, scales };
}

/**
 * Quantizes a tensor of a file.
 *
 * @throws {RequestError} If it contains a value that is not finite.
 */
export function quantizeTensor(
  numbers: Float32Array,
  columns: number,
  type: CodeType,
  { name, file }: { readonly name: string; readonly file: string },
): QuantizedMatrix {
  try {
    return quantize(numbers, columns, type);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RequestError(`the tensor ${name} contains a value that is not finite; omit quantize`, { file });
  }
}

/** The matrix from codes and scales, with exactly the numbers that the runtime computes. */
export function dequantize(
  { codes, scales, zeros }: QuantizedMatrix,
  columns: number,
  type: CodeType,
): Float32Array<ArrayBuffer> {
  const { bits, size, zero } = codeKinds[type], bytes = codeBytes(type);
  const perRow = blocksOf(columns, type), rows = scales.length / perRow, matrix = new Float32Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const block = row * perRow + Math.floor(column / size), offset = column % size;
      const code = bits === 8
        ? codes[block * bytes + offset]!
        : codes[block * bytes + (offset >> 1)]! >> 4 * (offset & 1) & 15;
      matrix[at] = (code - (zero ?? zeros![block]!)) * scales[block]!;
    }
  }
  return matrix;
}

/** A matrix rounded to 4 or 8 bits. */
export function rounded(matrix: Float32Array, columns: number, type: CodeType): Float32Array<ArrayBuffer> {
  return dequantize(quantize(matrix, columns, type), columns, type);
}

/** Codes of 4 bits, two per byte: one after the other, or from a new byte for each row. */
export function packedZeros(zeros: Uint8Array, columns: number, type: CodeType) {
  const perRow = blocksOf(columns, type), bytes = zeroBytes(columns, type), rows = zeros.length / perRow;
  const flat = new Uint8Array(Math.ceil(zeros.length / 2)), byRow = new Uint8Array(rows * bytes);
  zeros.forEach((zero, at) => {
    const row = Math.floor(at / perRow), place = at - row * perRow;
    flat[at >> 1]! |= zero << 4 * (at & 1);
    byRow[row * bytes + (place >> 1)]! |= zero << 4 * (place & 1);
  });
  return { flat, byRow };
}

/** The zeros of some blocks, from two per byte. */
export function unpackedZeros(flat: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, at) => flat[at >> 1]! >> 4 * (at & 1) & 15);
}

/** The number with the largest magnitude. */
function largestOf(numbers: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at]!;
    if (!Number.isFinite(number)) throw new RangeError(`${number} can't be kept in a few bits`);
    if (Math.abs(number) > Math.abs(largest)) largest = number;
  }
  return largest;
}

const zeroCode = codeKinds.uint4.zero!, zeroByte = codeKinds.uint8.zero!;

/** Fills in a block's codes and returns its scale. */
function quantizeBlock8(numbers: Float32Array, codes: Uint8Array): number {
  const scale = Math.fround(Math.abs(largestOf(numbers)) / 127);
  codes.fill(zeroByte);
  if (scale > 0) {
    for (let at = 0; at < numbers.length; at++) {
      codes[at] = Math.round(numbers[at]! / scale) + zeroByte;
    }
  }
  return scale;
}

/** The shares of the largest magnitude that become −8. */
const shares = [1, 0.96, 0.92, 0.88, 0.84, -0.92];

/** Fills in a block's codes and returns its scale. */
function quantizeBlock4(numbers: Float32Array, codes: Uint8Array): number {
  const largest = largestOf(numbers);
  let scale = 0, least = Infinity;
  for (const share of largest === 0 ? [] : shares) {
    const candidate = Math.fround(-largest * share / zeroCode),
      error = squaredError(numbers, candidate, zeroCode, least);
    if (error < least) {
      scale = candidate;
      least = error;
    }
  }
  fill4(numbers, codes, scale, zeroCode);
  return scale;
}

/** The shares of a block's range that the codes span. */
const rangeShares = [1, 0.95, 0.9, 0.85, 0.8];

/** Fills in the codes of a block with its own zero. */
function quantizeRange4(numbers: Float32Array, codes: Uint8Array) {
  // Refuses numbers that are not finite.
  largestOf(numbers);
  let low = 0, high = 0, scale = 0, zero = 0, least = Infinity;
  for (let at = 0; at < numbers.length; at++) {
    if (numbers[at]! < low) low = numbers[at]!;
    if (numbers[at]! > high) high = numbers[at]!;
  }
  for (const share of rangeShares) {
    const step = Math.fround((high - low) * share / 15);
    if (step === 0) break;
    const own = Math.min(15, Math.round(-low * share / step)), error = squaredError(numbers, step, own, least);
    if (error < least) [scale, zero, least] = [step, own, error];
  }
  fill4(numbers, codes, scale, zero);
  return { scale, zero };
}

/** Fills in a block's codes of 4 bits; a last block that is padded, or has no scale, with the code of 0. */
function fill4(numbers: Float32Array, codes: Uint8Array, scale: number, zero: number): void {
  codes.fill(zero | zero << 4);
  for (let at = 0; at < numbers.length && scale !== 0; at++) {
    const shift = 4 * (at & 1), code = nearest4(numbers[at]!, scale, zero);
    codes[at >> 1] = codes[at >> 1]! & ~(15 << shift) | code << shift;
  }
}

function nearest4(number: number, scale: number, zero: number): number {
  const code = Math.floor(number / scale + 0.5) + zero;
  return code < 0 ? 0 : code > 15 ? 15 : code;
}

/** The squared error with a scale and a zero; computed only until it reaches `least`, that of others. */
function squaredError(numbers: Float32Array, scale: number, zero: number, least: number): number {
  let sum = 0;
  // A plain loop for speed, since a model has billions of weights.
  for (let at = 0; at < numbers.length && sum < least; at++) {
    const error = numbers[at]! - scale * (nearest4(numbers[at]!, scale, zero) - zero);
    sum += error * error;
  }
  return sum;
}
