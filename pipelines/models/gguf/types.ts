/**
 * The storage types of GGUF tensors: the number of elements and bytes in a block.
 * {@link https://github.com/ggml-org/ggml/blob/master/docs/gguf.md}
 *
 * @module
 */

/** How a tensor's elements are stored. */
export interface StorageType {
  /** Its name in GGUF tools, for example `Q4_K`. */
  readonly name: string;
  /** The number of elements in a block. */
  readonly block: number;
  /** The number of bytes in a block. */
  readonly bytes: number;
}

/** The types whose elements can be read, by their number in the file. */
export const storageTypes: ReadonlyMap<number, StorageType> = new Map([
  [0, { name: "F32", block: 1, bytes: 4 }],
  [1, { name: "F16", block: 1, bytes: 2 }],
  [2, { name: "Q4_0", block: 32, bytes: 18 }],
  [3, { name: "Q4_1", block: 32, bytes: 20 }],
  [6, { name: "Q5_0", block: 32, bytes: 22 }],
  [7, { name: "Q5_1", block: 32, bytes: 24 }],
  [8, { name: "Q8_0", block: 32, bytes: 34 }],
  [10, { name: "Q2_K", block: 256, bytes: 84 }],
  [11, { name: "Q3_K", block: 256, bytes: 110 }],
  [12, { name: "Q4_K", block: 256, bytes: 144 }],
  [13, { name: "Q5_K", block: 256, bytes: 176 }],
  [14, { name: "Q6_K", block: 256, bytes: 210 }],
  [15, { name: "Q8_K", block: 256, bytes: 292 }],
  [30, { name: "BF16", block: 1, bytes: 2 }],
]);

const otherTypes: Readonly<Record<number, string>> = {
  4: "Q4_2",
  5: "Q4_3",
  9: "Q8_1",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  31: "Q4_0_4_4",
  32: "Q4_0_4_8",
  33: "Q4_0_8_8",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
  40: "NVFP4",
  41: "Q1_0",
};

/** The name of a type that can't be read. */
export function otherTypeName(number: number): string {
  return otherTypes[number] ?? `type ${number}`;
}
