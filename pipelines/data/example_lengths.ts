/** How long examples are, found once for all who ask: of those that are not in memory, too. @module */
import type { RowList } from "../common/row_list.ts";

/** What has lengths: a prompt, and an example's completion or both of its answers. */
interface Measured {
  readonly prompt: readonly number[];
  readonly completion?: readonly number[];
  readonly rejected?: readonly number[];
}

/** The tokens of each prompt, of each completion, and of each prompt with its longest answer [examples]. */
interface ExampleLengths {
  readonly prompts: Uint32Array;
  readonly completions: Uint32Array;
  readonly longest: Uint32Array;
}

const known = new WeakMap<RowList<Measured>, ExampleLengths>();

/** The lengths of examples, or of prompts alone. */
export function lengthsOfExamples(examples: RowList<Measured>): ExampleLengths {
  return known.getOrInsertComputed(examples, () => {
    const lengths = () => new Uint32Array(examples.length);
    const prompts = lengths(), completions = lengths(), longest = lengths();
    let index = 0;
    for (const { prompt, completion = [], rejected = [] } of examples) {
      prompts[index] = prompt.length;
      completions[index] = completion.length;
      longest[index++] = prompt.length + Math.max(completion.length, rejected.length);
    }
    return { prompts, completions, longest };
  });
}
