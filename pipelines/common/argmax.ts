/** The logits of a row, and the likeliest token. @module */
import type { HostTensor } from "./host_tensor.ts";

/** The index of the largest logit; the first on a tie, and -1 if they are NaN. */
export function argmax(logits: Float32Array): number {
  let best = 0, most = logits[0]!;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit > most) [best, most] = [token, logit];
  }
  return Number.isNaN(most) ? -1 : best;
}

/** A row of logits [rows, vocabulary], in place. */
export function logitsRow({ data, shape }: HostTensor, row: number): Float32Array {
  const width = shape[shape.length - 1]!;
  return (data as Float32Array).subarray(row * width, (row + 1) * width);
}
