/** The lengths of examples, computed once for all who need them, including examples that are not in memory. @module */
import type { RowList } from "../common/row_list.ts";

/** What has lengths: a prompt, and an example's completion or both of its answers. */
interface Measured {
  readonly prompt: readonly number[];
  readonly completion?: readonly number[];
  readonly rejected?: readonly number[];
  readonly reads?: unknown;
}

/** The number of tokens of each prompt, of each completion, and of each rejected answer [examples]. */
interface ExampleLengths {
  readonly prompts: Uint32Array;
  readonly completions: Uint32Array;
  /** 0 for an example with one answer. */
  readonly rejected: Uint32Array;
  /** Whether one is read otherwise than it is taught. */
  readonly isRead: boolean;
}

const known = new WeakMap<RowList<Measured>, ExampleLengths>();

/** The lengths of examples, or of prompts alone. */
export function lengthsOfExamples(examples: RowList<Measured>): ExampleLengths {
  return known.getOrInsertComputed(examples, () => {
    const lengths = () => new Uint32Array(examples.length);
    const prompts = lengths(), completions = lengths(), others = lengths();
    let index = 0, isRead = false;
    for (const { prompt, completion = [], rejected = [], reads } of examples) {
      isRead ||= reads !== undefined;
      prompts[index] = prompt.length;
      completions[index] = completion.length;
      others[index++] = rejected.length;
    }
    return { prompts, completions, rejected: others, isRead };
  });
}
