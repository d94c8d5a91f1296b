/** How answers are written, from what a pipeline declares. @module */
import { createRandom } from "../data/random.ts";
import type { DecodingSpec, Resolved } from "../spec/mod.ts";
import type { RowDecoding } from "./generate.ts";
import { argmax, draw, penalizeRepetition } from "./logits.ts";

/** A decoding that writes tokens. */
export type Writing = Exclude<Resolved<DecodingSpec>, { kind: "choices" }>;

/**
 * How the next token of a row is chosen.
 *
 * @param streams Numbers the rows' random streams.
 */
export function chooserOf(
  writing: Exclude<Writing, { kind: "beam" }>,
  streams: readonly number[],
): RowDecoding["choose"] {
  const { repetitionPenalty = 1 } = writing;
  if (writing.kind === "greedy") {
    return (logits, _, seen) => argmax(penalizeRepetition(logits, seen, repetitionPenalty));
  }
  const randoms = streams.map((stream) => createRandom(writing.seed, "sample", stream));
  return (logits, row, seen) => draw(penalizeRepetition(logits, seen, repetitionPenalty), writing, randoms[row]!);
}
