/** How long examples are, found once for all who ask: of those that are not in memory, too. @module */
import type { RowList } from "../common/row_list.ts";

/** What has lengths: a prompt, and an example's completion. */
type Measured = { readonly prompt: readonly number[]; readonly completion?: readonly number[] };

/** The tokens of each prompt, and of each completion [examples]. */
interface ExampleLengths {
  readonly prompts: Uint32Array;
  readonly completions: Uint32Array;
}

const known = new WeakMap<RowList<Measured>, ExampleLengths>();

/** The lengths of examples, or of prompts alone. */
export function lengthsOfExamples(examples: RowList<Measured>): ExampleLengths {
  return known.getOrInsertComputed(examples, () => {
    const prompts = new Uint32Array(examples.length), completions = new Uint32Array(examples.length);
    let index = 0;
    for (const { prompt, completion = [] } of examples) {
      prompts[index] = prompt.length;
      completions[index++] = completion.length;
    }
    return { prompts, completions };
  });
}
