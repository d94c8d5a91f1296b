/** The numbers that ONNX assigns to element types. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
  uint4: 21,
  uint8x64: 2,
  uint4x64: 21,
} as const;

/** The name of an ONNX element type; those of codes in blocks of 64 are stored like the others. */
export type ElementType = keyof typeof elementTypes;
