/** What an encoder has read of prompts, as a decoder sees it at every step. @module */
import type { Feeds } from "../common/host_tensor.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import type { PromptRun } from "./key_value_cache.ts";

/** What an encoder has read of each row: every block's keys and values, and the number of tokens. */
export interface EncodedPrompts {
  readonly feeds: Feeds;
  readonly lengths: readonly number[];
}

/** Of no encoder. */
export const nothingEncoded = { feeds: {}, lengths: undefined } as const;

/**
 * Every block's keys and values of the encoder's tokens, each [rows, keyValueHeads, context, headWidth].
 *
 * @param copies How many rows continue each prompt; they are next to each other.
 */
export function encodedPrompts(
  { blocks }: Pick<Architecture, "blocks">,
  run: PromptRun,
  copies: number,
): EncodedPrompts {
  const feeds: Feeds = {}, rows = run.lengths.length * copies;
  for (let block = 0; block < blocks; block++) {
    for (const part of ["key", "value"] as const) {
      const { data, shape: [, ...extents] } = run.tensors(block, part);
      const size = data.length / run.lengths.length, all = new Float32Array(rows * size);
      for (let row = 0; row < rows; row++) {
        const start = Math.floor(row / copies) * size;
        all.set((data as Float32Array).subarray(start, start + size), row * size);
      }
      feeds[`encoded.${block}.${part}`] = { data: all, shape: [rows, ...extents] };
    }
  }
  return { feeds, lengths: run.lengths.flatMap((length) => new Array<number>(copies).fill(length)) };
}
