/** An encoder's keys and values of prompts, which a decoder attends to at every step. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../common/host_tensor.ts";
import { alignedWidth } from "./key_value_cache.ts";
import type { Architecture } from "../models/architecture/architecture.ts";

/** The keys and values of an encoder's tokens for some prompts, padded on the right. */
interface EncodedRun {
  /** The tensors of a block [prompts, keyValueHeads, tokens, headWidth]. */
  readonly tensors: (block: number, part: "key" | "value") => HostTensor;
  /** The number of each prompt's tokens. */
  readonly lengths: readonly number[];
}

/** An encoder's result for each row: every block's keys and values, and the number of tokens. */
export interface EncodedPrompts {
  readonly feeds: Feeds;
  readonly width: number;
  readonly lengths: readonly number[];
}

/** The value for models without an encoder. */
export const nothingEncoded = { feeds: {}, lengths: undefined } as const;

/** Every block's keys and values of the encoder's tokens, each [rows, keyValueHeads, context, headWidth]. */
export function encodedPrompts({ blocks }: Pick<Architecture, "blocks">, run: EncodedRun): EncodedPrompts {
  const feeds: Feeds = {}, { lengths } = run;
  for (let block = 0; block < blocks; block++) {
    for (const part of ["key", "value"] as const) feeds[`encoded.${block}.${part}`] = run.tensors(block, part);
  }
  return takeEncoded({ feeds, lengths }, [...lengths.keys()]);
}

/** The encoder's results for some of the rows, padded for the longest of them. */
export function takeEncoded(
  { feeds, lengths }: Omit<EncodedPrompts, "width">,
  rows: readonly number[],
): EncodedPrompts {
  const taken = rows.map((row) => lengths[row]!), context = alignedWidth(Math.max(...taken));
  const copied = rows.map((from, row) => ({ from, length: taken[row]!, at: 0 }));
  return {
    feeds: Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => {
        const [, heads, , width] = tensor.shape as readonly [number, number, number, number];
        const shape = [rows.length, heads, context, width];
        const to: HostTensor = { data: new Float32Array(rows.length * heads * context * width), shape };
        copyRows(tensor, to, copied);
        return [name, to];
      }),
    ),
    width: context,
    lengths: taken,
  };
}

/** The encoder's results for the rows of both, with those of `other` last. */
export function joinEncoded(one: EncodedPrompts, other: EncodedPrompts): EncodedPrompts {
  const lengths = [...one.lengths, ...other.lengths], context = alignedWidth(Math.max(...lengths));
  const feeds = Object.keys(one.feeds).map((name) => {
    const [, heads, , width] = ownValue(one.feeds, name)!.shape as readonly [number, number, number, number];
    const shape = [lengths.length, heads, context, width];
    const to: HostTensor = { data: new Float32Array(lengths.length * heads * context * width), shape };
    let first = 0;
    for (const { feeds, lengths } of [one, other]) {
      copyRows(ownValue(feeds, name)!, to, lengths.map((length, from) => ({ from, length, at: 0 })), first);
      first += lengths.length;
    }
    return [name, to] as const;
  });
  return { feeds: Object.fromEntries(feeds), width: context, lengths };
}

/** A number of a row's first tokens, and the row that they are copied to. */
interface CopiedTokens {
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

/**
 * Copies tokens of some rows into successive rows of another tensor; both are [rows, heads, tokens, headWidth].
 *
 * @param first The first row to copy to.
 */
function copyRows(from: HostTensor, to: HostTensor, rows: readonly CopiedTokens[], first = 0): void {
  const source = from.data as Float32Array, target = to.data as Float32Array;
  const [, , tokens] = from.shape as readonly [number, number, number];
  const [, heads, capacity, width] = to.shape as readonly [number, number, number, number];
  rows.forEach(({ from, length, at }, row) => {
    for (let head = 0; head < heads; head++) {
      const start = (from * heads + head) * tokens * width;
      const place = (((first + row) * heads + head) * capacity + at) * width;
      target.set(source.subarray(start, start + length * width), place);
    }
  });
}
