/** numpy's permutations. @module */
import { Pcg64 } from "./pcg64.ts";

/** `numpy.random.default_rng(seed).permutation(count)`. */
export function numpyPermutation(count: number, seed: number): number[] {
  const generator = new Pcg64(seed), order = Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at--) {
    const other = generator.upTo(at);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
