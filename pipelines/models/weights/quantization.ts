/**
 * Weights in 4 or 8 bits: matrices [rows, columns] in blocks of 32 neighbours in a row, each with one scale, symmetric
 * about
 * 0. The layout is that of the `dequantize` operation.
 *
 * @module
 */
import type { CodeType } from "../../../ops/program/program.ts";
import { blockSize, blocksOf, codeKinds } from "../../../ops/table/quantization.ts";

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

/** The type of a matrix's codes. */
export const codeTypeOf = { q4: "uint4", q8: "uint8" } as const satisfies Readonly<Record<BitsName, CodeType>>;

const zeroCode = codeKinds.uint4.zero, zeroByte = codeKinds.uint8.zero;

/** All quantizations. */
export const quantizationNames: readonly QuantizationName[] = ["q4", "q8", "q4-int8", "q8-int8"];

/** Whether a value names a quantization. */
export function isQuantization(name: unknown): name is QuantizationName {
  return typeof name === "string" && Object.hasOwn(quantizations, name);
}

/** A matrix quantized in blocks. */
export interface QuantizedMatrix {
  /** Two codes per byte with q4, the first in the lower half; one with q8 [rows · blocks, 16 or 32 bytes]. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** The scales [rows · blocks]. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** The bytes of a block's codes. */
export const codeBytes: Readonly<Record<BitsName, number>> = { q4: blockSize / 2, q8: blockSize };

/**
 * Quantizes a matrix to 4 or 8 bits. With q8 a block's largest magnitude becomes ±127. With q4 the largest magnitude,
 * or the share of it that minimizes the block's squared error, becomes −8, which has no positive counterpart.
 *
 * @param matrix The matrix, row by row; all numbers must be finite.
 * @throws {RangeError} If a number is not finite.
 */
export function quantize(matrix: Float32Array, columns: number, name: BitsName): QuantizedMatrix {
  const perRow = blocksOf(columns), rows = matrix.length / columns;
  const codes = new Uint8Array(rows * perRow * codeBytes[name]), scales = new Float32Array(rows * perRow);
  for (let row = 0, block = 0; row < rows; row++) {
    for (let start = 0; start < columns; start += blockSize, block++) {
      const numbers = matrix.subarray(row * columns + start, row * columns + Math.min(columns, start + blockSize));
      const target = codes.subarray(block * codeBytes[name], (block + 1) * codeBytes[name]);
      scales[block] = name === "q8" ? quantizeBlock8(numbers, target) : quantizeBlock4(numbers, target);
    }
  }
  return { codes, scales };
}

/** The matrix from codes and scales, with exactly the numbers that the runtime computes. */
export function dequantize(
  { codes, scales }: QuantizedMatrix,
  columns: number,
  name: BitsName,
): Float32Array<ArrayBuffer> {
  const perRow = blocksOf(columns), rows = scales.length / perRow, matrix = new Float32Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const block = row * perRow + Math.floor(column / blockSize), offset = column % blockSize;
      const code = name === "q8"
        ? codes[block * blockSize + offset]! - zeroByte
        : (codes[block * codeBytes.q4 + (offset >> 1)]! >> 4 * (offset & 1) & 15) - zeroCode;
      matrix[at] = code * scales[block]!;
    }
  }
  return matrix;
}

/** A matrix rounded to 4 or 8 bits. */
export function rounded(matrix: Float32Array, columns: number, name: BitsName): Float32Array<ArrayBuffer> {
  return dequantize(quantize(matrix, columns, name), columns, name);
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
  codes.fill(zeroCode | zeroCode << 4);
  let scale = 0, least = Infinity;
  if (largest === 0) return scale;
  for (const share of shares) {
    const candidate = Math.fround(-largest * share / zeroCode), error = squaredError(numbers, candidate, least);
    if (error < least) {
      scale = candidate;
      least = error;
    }
  }
  for (let at = 0; at < numbers.length; at++) {
    const shift = 4 * (at & 1), code = nearest4(numbers[at]!, scale) + zeroCode;
    codes[at >> 1] = codes[at >> 1]! & ~(15 << shift) | code << shift;
  }
  return scale;
}

function nearest4(number: number, scale: number): number {
  const code = Math.floor(number / scale + 0.5);
  return code < -zeroCode ? -zeroCode : code >= zeroCode ? zeroCode - 1 : code;
}

/** The squared error with a scale; computed only until it reaches `least`, another scale's error. */
function squaredError(numbers: Float32Array, scale: number, least: number): number {
  let sum = 0;
  // A plain loop for speed, since a model has billions of weights.
  for (let at = 0; at < numbers.length && sum < least; at++) {
    const error = numbers[at]! - scale * nearest4(numbers[at]!, scale);
    sum += error * error;
  }
  return sum;
}
