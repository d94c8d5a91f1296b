/** How pyreft splits a validation set: `torch.utils.data.random_split` right after `set_seed`. @module */
import { mersenne } from "pure-rand/generator/mersenne";

/** The parts: what is tested at the end, and what chooses the best epoch. */
interface Halves {
  readonly test: readonly number[];
  readonly validation: readonly number[];
}

/** A set with more than the first number of rows gives the second number to the part that chooses. */
const [manyRows, mostChosen] = [5000, 1000];

/** The indices of the rows of both parts, in torch's order. */
export function torchHalves(count: number, seed: number): Halves {
  const chosen = count > manyRows ? mostChosen : Math.floor(count / 2), order = torchPermutation(count, seed);
  return { test: order.slice(0, count - chosen), validation: order.slice(count - chosen) };
}

/** `torch.randperm` on the CPU after `torch.manual_seed(seed)`. */
function torchPermutation(count: number, seed: number): number[] {
  const generator = mersenne(seed), order = Array.from({ length: count }, (_, index) => index);
  for (let at = 0; at < count - 1; at++) {
    const word = generator.next() >>> 0, other = at + word % (count - at);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
