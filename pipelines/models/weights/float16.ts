/**
 * Converts IEEE 754 binary16 numbers exactly to 32-bit floats; a NaN keeps its payload.
 *
 * @param bits The numbers' bits.
 * @returns As many 32-bit floats.
 */
export function widenFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const wide = new Float32Array(bits.length);
  const words = new Uint32Array(wide.buffer);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!;
    const magnitude = half & 0x7fff;
    const sign = (half & 0x8000) << 16;
    if (magnitude >= 0x7c00) words[i] = sign | 0x7f800000 | (magnitude << 13); // infinity, NaN
    else if (magnitude >= 0x0400) words[i] = sign | ((magnitude << 13) + 0x38000000); // exponent bias 15 to 127
    else wide[i] = (sign === 0 ? magnitude : -magnitude) * 2 ** -24; // subnormal, zero
  }
  return wide;
}

/**
 * Converts bfloat16 numbers (the upper half of a 32-bit float) exactly to 32-bit floats.
 *
 * @param bits The numbers' bits.
 * @returns As many 32-bit floats.
 */
export function widenBfloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}
