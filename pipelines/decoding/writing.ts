/** How answers are written, from what a pipeline declares. @module */
import { createRandom } from "../data/random.ts";
import type { DecodingSpec, Resolved } from "../spec/mod.ts";
import type { RowDecoding } from "./generate.ts";
import { argmax, draw, penalizeRepetition } from "./logits.ts";

/** A decoding that writes tokens. */
export type Writing = Exclude<Resolved<DecodingSpec>, { kind: "choices" }>;

/** A decoding that continues each row by itself. */
export type RowWriting = Exclude<Writing, { kind: "beam" }>;

/** What makes a chooser of a kind of decoding. */
interface Choosing<W> {
  chooser(writing: W, streams: readonly number[]): RowDecoding["choose"];
}

const choosings: { readonly [K in RowWriting["kind"]]: Choosing<Extract<RowWriting, { kind: K }>> } = {
  greedy: {
    chooser: ({ repetitionPenalty = 1 }) => (logits, _, seen) => {
      return argmax(penalizeRepetition(logits, seen, repetitionPenalty));
    },
  },
  sample: {
    chooser(writing, streams) {
      const randoms = streams.map((stream) => createRandom(writing.seed, "sample", stream));
      const { repetitionPenalty = 1 } = writing;
      return (logits, row, seen) => draw(penalizeRepetition(logits, seen, repetitionPenalty), writing, randoms[row]!);
    },
  },
};

/**
 * How the next token of a row is chosen.
 *
 * @param streams Numbers the rows' random streams.
 */
export function chooserOf(writing: RowWriting, streams: readonly number[]): RowDecoding["choose"] {
  const choosing: Choosing<RowWriting> = choosings[writing.kind];
  return choosing.chooser(writing, streams);
}
