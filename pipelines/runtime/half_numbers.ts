/** Numbers of 16 bits on a GPU. In a browser another file stands in its place, which asks the adapter. @module */

/**
 * Whether WebGPU's adapter computes with them, so that weights in float16 are read as they are stored. ONNX Runtime's
 * native package does not say so ahead: where the adapter has none, a run fails and says what to do.
 */
export function hasHalfNumbers(): boolean {
  return true;
}
