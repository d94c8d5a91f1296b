/** The likeliest token. @module */

/** The index of the largest logit; the first on a tie. */
export function argmax(logits: Float32Array): number {
  let best = 0, most = logits[0]!;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit > most) [best, most] = [token, logit];
  }
  return best;
}
