/**
 * Converting blocks of quantized numbers to 32-bit floats, bit for bit like ggml's reference. A block's numbers are
 * `scale · q` or `scale · q + minimum`, with q of a few bits; the K types scale 16 or 32 numbers at a time with scales
 * that are quantized themselves. {@link https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h}
 *
 * Products of a 16-bit scale and small integers are exact in a double, so that each number is rounded only once, when
 * it is stored in the Float32Array, as in 32-bit arithmetic.
 *
 * @module
 */
import { widenBfloat16, widenFloat16 } from "../weights/float16.ts";

/**
 * Dequantizes some blocks.
 *
 * @param from Their bytes, at a multiple of four in the buffer.
 * @param to Receives as many numbers as the blocks contain.
 */
type Dequantize = (from: Uint8Array<ArrayBuffer>, to: Float32Array<ArrayBuffer>) => void;

/** Every 16-bit float by its bits; looking up scales is faster than converting each. */
const halves = widenFloat16(Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits));

/** The dequantizations by the storage type's name. */
export const dequantizations: Readonly<Record<string, Dequantize>> = {
  F32: (from, to) => to.set(new Float32Array(from.buffer, from.byteOffset, to.length)),
  F16: (from, to) => to.set(widenFloat16(new Uint16Array(from.buffer, from.byteOffset, to.length))),
  BF16: (from, to) => to.set(widenBfloat16(new Uint16Array(from.buffer, from.byteOffset, to.length))),
  Q4_0: nibbles,
  Q4_1: nibblesAbove,
  Q5_0: fiveBits,
  Q5_1: fiveBitsAbove,
  Q8_0: bytes,
  Q2_K: twoBits,
  Q3_K: threeBits,
  Q4_K: superNibbles,
  Q5_K: superFiveBits,
  Q6_K: sixBits,
  Q8_K: superBytes,
};

/** The 16-bit float at an offset. */
export function halfAt(from: Uint8Array, at: number): number {
  return halves[from[at]! | from[at + 1]! << 8]!;
}

/** scale f16, 16 bytes: number i in the low half of byte i, number i + 16 in the high half, minus 8. */
function nibbles(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 18, out += 32) {
    const scale = halfAt(from, at);
    for (let i = 0; i < 16; i++) {
      const pair = from[at + 2 + i]!;
      to[out + i] = scale * ((pair & 15) - 8);
      to[out + 16 + i] = scale * ((pair >> 4) - 8);
    }
  }
}

/** scale f16, minimum f16, 16 bytes as in {@linkcode nibbles}. */
function nibblesAbove(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 20, out += 32) {
    const scale = halfAt(from, at), minimum = halfAt(from, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = from[at + 4 + i]!;
      to[out + i] = scale * (pair & 15) + minimum;
      to[out + 16 + i] = scale * (pair >> 4) + minimum;
    }
  }
}

/** scale f16, the fifth bits of the 32 numbers, 16 bytes as in {@linkcode nibbles}, minus 16. */
function fiveBits(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 22, out += 32) {
    const scale = halfAt(from, at), high = wordAt(from, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = from[at + 6 + i]!;
      to[out + i] = scale * ((pair & 15 | (high >>> i & 1) << 4) - 16);
      to[out + 16 + i] = scale * ((pair >> 4 | (high >>> i + 16 & 1) << 4) - 16);
    }
  }
}

/** scale f16, minimum f16, then as in {@linkcode fiveBits} without the offset. */
function fiveBitsAbove(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 24, out += 32) {
    const scale = halfAt(from, at), minimum = halfAt(from, at + 2), high = wordAt(from, at + 4);
    for (let i = 0; i < 16; i++) {
      const pair = from[at + 8 + i]!;
      to[out + i] = scale * (pair & 15 | (high >>> i & 1) << 4) + minimum;
      to[out + 16 + i] = scale * (pair >> 4 | (high >>> i + 16 & 1) << 4) + minimum;
    }
  }
}

function wordAt(from: Uint8Array, at: number): number {
  return from[at]! | from[at + 1]! << 8 | from[at + 2]! << 16 | from[at + 3]! << 24;
}

/** scale f16, 32 signed bytes. */
function bytes(from: Uint8Array<ArrayBuffer>, to: Float32Array): void {
  const signed = new Int8Array(from.buffer, from.byteOffset, from.length);
  for (let at = 0, out = 0; out < to.length; at += 34, out += 32) {
    const scale = halfAt(from, at);
    for (let i = 0; i < 32; i++) to[out + i] = scale * signed[at + 2 + i]!;
  }
}

/** scale f32, 256 signed bytes, 16 sums that are not needed here. */
function superBytes(from: Uint8Array<ArrayBuffer>, to: Float32Array): void {
  const signed = new Int8Array(from.buffer, from.byteOffset, from.length);
  const scales = new Float32Array(from.buffer, from.byteOffset, from.length / 4);
  for (let at = 0, out = 0; out < to.length; at += 292, out += 256) {
    const scale = scales[at / 4]!;
    for (let i = 0; i < 256; i++) to[out + i] = scale * signed[at + 4 + i]!;
  }
}

/**
 * 16 bytes with a scale (low half) and a minimum (high half) for 16 numbers each, 64 bytes, their scales f16 and f16.
 * Every 32 bytes contain four runs of 32 numbers, two bits of each byte per run.
 */
function twoBits(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 84, out += 256) {
    const scale = halfAt(from, at + 80), least = halfAt(from, at + 82);
    for (let group = 0; group < 16; group++) {
      const packed = from[at + group]!, own = scale * (packed & 15), minimum = least * (packed >> 4);
      const shift = group >> 1 & 3, start = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
      for (let i = 0; i < 16; i++) to[out + group * 16 + i] = own * (from[start + i]! >> shift * 2 & 3) - minimum;
    }
  }
}

/**
 * 32 bytes with the third bits, 64 bytes as in {@linkcode twoBits}, 12 bytes with 16 scales of six bits, scale f16. If
 * the third bit is not set, 4 is subtracted. Scale s has its low four bits in byte s mod 8 and its high two in byte 8 +
 * s mod 4.
 */
function threeBits(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 110, out += 256) {
    const scale = halfAt(from, at + 108);
    for (let group = 0; group < 16; group++) {
      const low = from[at + 96 + (group & 7)]! >> (group >> 3) * 4 & 15;
      const high = from[at + 104 + (group & 3)]! >> (group >> 2) * 2 & 3;
      const own = scale * ((low | high << 4) - 32);
      const shift = (group >> 1 & 3) * 2, half = (group & 1) * 16;
      const start = at + 32 + (group >> 3) * 32 + half, mask = 1 << (group >> 1);
      for (let i = 0; i < 16; i++) {
        const below = (from[at + half + i]! & mask) === 0 ? 4 : 0;
        to[out + group * 16 + i] = own * ((from[start + i]! >> shift & 3) - below);
      }
    }
  }
}

/** The scale of 32 numbers in the 12 bytes that contain eight scales and eight minima of six bits. */
function sixBitScale(from: Uint8Array, at: number, group: number): number {
  return group < 4 ? from[at + group]! & 63 : from[at + 4 + group]! & 15 | (from[at + group - 4]! >> 6) << 4;
}

/** The corresponding minimum. */
function sixBitMinimum(from: Uint8Array, at: number, group: number): number {
  return group < 4 ? from[at + 4 + group]! & 63 : from[at + 4 + group]! >> 4 | (from[at + group]! >> 6) << 4;
}

/** scales f16 and f16, 12 bytes as in {@linkcode sixBitScale}, 128 bytes: every 32 contain two runs of 32 numbers. */
function superNibbles(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 144, out += 256) {
    const scale = halfAt(from, at), least = halfAt(from, at + 2);
    for (let group = 0; group < 8; group++) {
      const own = scale * sixBitScale(from, at + 4, group), minimum = least * sixBitMinimum(from, at + 4, group);
      const shift = (group & 1) * 4, start = at + 16 + (group >> 1) * 32;
      for (let i = 0; i < 32; i++) to[out + group * 32 + i] = own * (from[start + i]! >> shift & 15) - minimum;
    }
  }
}

/**
 * As in {@linkcode superNibbles}, with 32 bytes of fifth bits before the 128: bit g of byte i for number i of run g.
 */
function superFiveBits(from: Uint8Array, to: Float32Array): void {
  for (let at = 0, out = 0; out < to.length; at += 176, out += 256) {
    const scale = halfAt(from, at), least = halfAt(from, at + 2);
    for (let group = 0; group < 8; group++) {
      const own = scale * sixBitScale(from, at + 4, group), minimum = least * sixBitMinimum(from, at + 4, group);
      const shift = (group & 1) * 4, start = at + 48 + (group >> 1) * 32;
      for (let i = 0; i < 32; i++) {
        const q = from[start + i]! >> shift & 15 | (from[at + 16 + i]! >> group & 1) << 4;
        to[out + group * 32 + i] = own * q - minimum;
      }
    }
  }
}

/**
 * 128 bytes of low halves, 64 of high two bits, 16 signed scales for 16 numbers each, scale f16; minus 32. Every 64
 * bytes contain two runs of 64 numbers, and every 32 bytes of high bits four runs of 32.
 */
function sixBits(from: Uint8Array<ArrayBuffer>, to: Float32Array): void {
  const signed = new Int8Array(from.buffer, from.byteOffset, from.length);
  for (let at = 0, out = 0; out < to.length; at += 210, out += 256) {
    const scale = halfAt(from, at + 208);
    for (let group = 0; group < 16; group++) {
      const own = scale * signed[at + 192 + group]!;
      const inHalf = group & 7, half = group >> 3;
      const low = at + half * 64 + (inHalf & 3) * 16, lowShift = (inHalf >> 2) * 4;
      const high = at + 128 + half * 32 + (inHalf & 1) * 16, highShift = (inHalf >> 1) * 2;
      for (let i = 0; i < 16; i++) {
        const q = from[low + i]! >> lowShift & 15 | (from[high + i]! >> highShift & 3) << 4;
        to[out + group * 16 + i] = own * (q - 32);
      }
    }
  }
}
