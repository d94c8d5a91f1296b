/** How answers are written, from what a pipeline declares. @module */
import { createRandom } from "../data/random.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
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

/** Shows a growing text as it grows, but for characters of which bytes are still to come. */
export class TextStream {
  readonly #put: (text: string) => void;
  #text = "";
  #shown = 0;

  /** @param put Gets each new part. */
  constructor(put: (text: string) => void) {
    this.#put = put;
  }

  /** Takes the text so far. */
  show(text: string): void {
    this.#text = text;
    this.#putTo(text.endsWith("\ufffd") ? text.replace(/\ufffd+$/, "").length : text.length);
  }

  /** Shows what was held back. */
  end(): void {
    this.#putTo(this.#text.length);
  }

  #putTo(end: number): void {
    if (end <= this.#shown) return;
    this.#put(this.#text.slice(this.#shown, end));
    this.#shown = end;
  }
}

/** The text of what was written, cut before the first stop text. */
export function endsAt(
  stop: readonly string[] = [],
  tokenizer: Tokenizer,
  written: readonly number[],
): { readonly text: string; readonly isStopped: boolean } {
  const text = tokenizer.decode([...written], { skipSpecialTokens: true });
  const ends = stop.map((each) => text.indexOf(each)).filter((at) => at >= 0);
  return ends.length === 0 ? { text, isStopped: false } : { text: text.slice(0, Math.min(...ends)), isStopped: true };
}
