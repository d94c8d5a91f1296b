/** How a validation set is split into what is tested at the end and what chooses the best epoch, a rule by name. @module */
import { numpyPermutation } from "./numpy_permutation.ts";
import { torchPermutation } from "./torch_permutation.ts";

/** Whose rule draws the halves. */
export type HalvesRule = "torch" | "datasets";

/** The numbers of the rows of both parts, in the order in which they are drawn. */
interface Halves {
  readonly test: readonly number[];
  readonly validation: readonly number[];
}

/** A set of more rows than this gives so many to the part that chooses. */
const [manyRows, mostChosen] = [5000, 1000];

/** The rules, each of the numbers of rows in all and of those that choose. */
export const halvesRules: Readonly<Record<HalvesRule, (count: number, chosen: number, seed: number) => Halves>> = {
  /** pyreft's: `torch.utils.data.random_split` right after `set_seed`. */
  torch: (count, chosen, seed) => {
    const order = torchPermutation(count, seed);
    return { test: order.slice(0, count - chosen), validation: order.slice(count - chosen) };
  },
  /**
   * The paper's own code's: `train_test_split` of the library datasets right after `set_seed`, whose seed is the first word of
   * numpy's global state, which is the seed itself.
   */
  datasets: (count, chosen, seed) => {
    const order = numpyPermutation(count, seed);
    return { test: order.slice(chosen), validation: order.slice(0, chosen) };
  },
};

/** The halves of so many rows. */
export function halvesOf(rule: HalvesRule, count: number, seed: number): Halves {
  return halvesRules[rule](count, count > manyRows ? mostChosen : Math.floor(count / 2), seed);
}
