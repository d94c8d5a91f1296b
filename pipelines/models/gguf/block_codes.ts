/**
 * Blocks of GGUF files as the codes and scales of quantized matrices, without any change of their numbers.
 *
 * @module
 */
import type { CodeType } from "../../../ops/program/program.ts";
import type { QuantizedMatrix } from "../weights/quantization.ts";
import { halfAt } from "./dequantize.ts";

/** A type of blocks that have the same numbers as a type of codes, and how to convert their bytes. */
interface BlockCodes {
  /** The storage type's name. */
  readonly name: string;
  readonly type: CodeType;
  readonly codes: (blocks: Uint8Array) => QuantizedMatrix;
}

/** The types of blocks whose codes are kept. */
export const blockCodes: readonly BlockCodes[] = [
  { name: "Q8_0", type: "uint8", codes: codes8 },
  { name: "Q4_0", type: "uint4", codes: codes4 },
];

/** scale f16, 32 signed bytes: codes count from 128. */
function codes8(blocks: Uint8Array): QuantizedMatrix {
  const count = blocks.length / 34, codes = new Uint8Array(count * 32), scales = new Float32Array(count);
  for (let block = 0; block < count; block++) {
    const from = block * 34;
    scales[block] = halfAt(blocks, from);
    for (let at = 0; at < 32; at++) codes[block * 32 + at] = blocks[from + 2 + at]! ^ 128;
  }
  return { codes, scales };
}

/** scale f16, 16 bytes: code i in the low half of byte i, and code i + 16 in the high half; neighbours share a byte. */
function codes4(blocks: Uint8Array): QuantizedMatrix {
  const count = blocks.length / 18, codes = new Uint8Array(count * 16), scales = new Float32Array(count);
  for (let block = 0; block < count; block++) {
    const from = block * 18 + 2, to = block * 16;
    scales[block] = halfAt(blocks, from - 2);
    for (let at = 0; at < 8; at++) {
      const even = blocks[from + 2 * at]!, odd = blocks[from + 2 * at + 1]!;
      codes[to + at] = even & 15 | (odd & 15) << 4;
      codes[to + 8 + at] = even >> 4 | odd & 240;
    }
  }
  return { codes, scales };
}
