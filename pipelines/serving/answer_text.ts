/** The text of a growing answer: cut at a stop text, and shown only once it is certain to stay. @module */
import { type AnswerTokenizer, GrowingAnswer } from "../decoding/answer.ts";

/** An answer so far. */
interface AnswerText {
  readonly text: string;
  /** How many of its characters are final, whatever follows. */
  readonly settled: number;
  readonly isStopped: boolean;
}

/** Reads an answer as it grows. */
export class AnswerReader {
  readonly #stop: readonly string[];
  readonly #tokenizer: AnswerTokenizer;
  readonly #answer: GrowingAnswer;

  constructor(stop: readonly string[], tokenizer: AnswerTokenizer) {
    this.#stop = stop;
    this.#tokenizer = tokenizer;
    this.#answer = new GrowingAnswer(stop, tokenizer);
  }

  /** The text of tokens that begin with those of the call before. */
  read(written: readonly number[]): AnswerText {
    const { text, isStopped } = this.#answer.of(written);
    if (isStopped) return { text, settled: text.length, isStopped };
    const whole = text.replace(/\ufffd+$/, "");
    const held = Math.max(0, ...this.#stop.map((each) => heldBack(whole, each)));
    return { text, settled: Math.min(this.#tokenizer.cleanUp.settled(whole), whole.length - held), isStopped };
  }
}

/** How many of a text's last characters could be the beginning of a stop text. */
function heldBack(text: string, stop: string): number {
  for (let count = Math.min(text.length, stop.length - 1); count > 0; count--) {
    if (stop.startsWith(text.slice(text.length - count))) return count;
  }
  return 0;
}
