/** torch's permutations. @module */
import { mersenne } from "pure-rand/generator/mersenne";

/** `torch.randperm` of the CPU after `torch.manual_seed(seed)`. */
export function torchPermutation(count: number, seed: number): number[] {
  const generator = mersenne(seed), order = Array.from({ length: count }, (_, index) => index);
  for (let at = 0; at < count - 1; at++) {
    const word = generator.next() >>> 0, other = at + word % (count - at);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
