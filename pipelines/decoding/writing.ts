/** How answers are generated, from a pipeline's declaration. @module */
import { createRandom } from "../data/random.ts";
import type { DecodingSpec, Resolved } from "../spec/mod.ts";
import type { Choose } from "./generate.ts";
import { argmax } from "../common/argmax.ts";
import { draw, limitRepetition, limitsRepetition } from "./logits.ts";

/** A decoding that generates tokens. */
export type Writing = Exclude<Resolved<DecodingSpec>, { kind: "choices" }>;

/** A decoding that continues each row independently. */
export type RowWriting = Extract<Writing, { kind: "greedy" | "sample" }>;

/** Creates the chooser for a kind of decoding. */
interface Choosing<W> {
  chooser(writing: W, streams: readonly number[]): Choose;
}

const choosings: { readonly [K in RowWriting["kind"]]: Choosing<Extract<RowWriting, { kind: K }>> } = {
  greedy: {
    chooser(writing) {
      const choose: Choose = (logits, _, seen) => argmax(limitRepetition(logits, seen, writing));
      return Object.assign(choose, { isLikeliest: !limitsRepetition(writing) });
    },
  },
  sample: {
    chooser(writing, streams) {
      const randoms = streams.map((stream) => createRandom(writing.seed, "sample", stream));
      return (logits, row, seen) => draw(limitRepetition(logits, seen, writing), writing, randoms[row]!);
    },
  },
};

/**
 * How the next token of a row is chosen.
 *
 * @param streams The numbers of the rows' random streams.
 */
export function chooserOf(writing: RowWriting, streams: readonly number[]): Choose {
  const choosing: Choosing<RowWriting> = choosings[writing.kind];
  return choosing.chooser(writing, streams);
}
