/** The feeds for tokens that are run after cached ones. @module */
import { ownValue, putValue } from "../../ops/program/own_value.ts";
import type { Feeds } from "../common/host_tensor.ts";
import { columnsOf, maskName, masksOf, maskWidth } from "../compile/lower/edit_masks.ts";
import { isEdited } from "../compile/lower/edited_tokens.ts";
import { copyTensors } from "../compile/parameters/initial.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { runFeeds } from "../models/architecture/model_inputs.ts";
import type { Generator } from "./continuation.ts";

/** Tokens of a row, and how many of its tokens have already been read. */
interface ReadOn {
  /** The prompt, over which the positions of edits count. */
  readonly prompt: TokenizedPrompt;
  readonly at: number;
  readonly tokens: readonly number[];
}

/**
 * The number of tokens of the longest row, or one more: an even number, since products may round a single token, or the
 * last of an odd number, differently than among others.
 */
function runLength(rows: readonly Pick<ReadOn, "tokens">[]): number {
  return 2 * Math.ceil(Math.max(...rows.map(({ tokens }) => tokens.length)) / 2);
}

/**
 * The tokens of some rows, the masks of edits over them and the edits' tensors.
 *
 * @param capacity How many tokens the fed keys and values have room for.
 * @param asked By row, the indices of the tokens whose logits are requested.
 */
export function extendFeeds(
  generator: Generator,
  rows: readonly ReadOn[],
  capacity: number,
  asked: readonly (readonly number[])[],
): Feeds {
  const { architecture, tensors, prefill: { layout: { virtual } } } = generator;
  const seen = rows.map(({ at }) => virtual + at), length = runLength(rows);
  return {
    ...runFeeds("tail", architecture, {
      rows: rows.map(({ tokens }, row) => ({ tokens, start: seen[row]! })),
      length,
      past: { width: virtual + capacity, filled: seen },
    }),
    ...indexFeeds(asked, length),
    ...maskFeeds(generator, rows, length),
    ...copyTensors(tensors),
  };
}

function maskFeeds({ adaptations }: Generator, rows: readonly ReadOn[], length: number): Feeds {
  const feeds: Feeds = {};
  for (const masked of masksOf(adaptations)) {
    const name = maskName(masked), width = maskWidth(masked), { strength = 1 } = masked;
    if (ownValue(feeds, name) !== undefined) continue;
    const data = new Float32Array(rows.length * length * width);
    rows.forEach(({ prompt, at: before, tokens }, row) => {
      const columns = columnsOf(masked, prompt);
      for (let at = 0; at < tokens.length; at++) {
        if (!isEdited(masked, prompt, before + at)) continue;
        for (const column of columns) data[(row * length + at) * width + column] = strength;
      }
    });
    putValue(feeds, name, { data, shape: [rows.length, length, width] });
  }
  return feeds;
}
