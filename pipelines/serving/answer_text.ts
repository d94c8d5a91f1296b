/** The text of a growing answer: cut at a stop text, and shown only once it is certain to stay. @module */
import { answerOf, type AnswerTokenizer } from "../decoding/answer.ts";

/** An answer so far. */
interface AnswerText {
  readonly text: string;
  /** How many of its characters are final, whatever follows. */
  readonly settled: number;
  readonly isStopped: boolean;
}

/** The text of generated tokens. */
export function answerText(
  stop: readonly string[],
  tokenizer: AnswerTokenizer,
  written: readonly number[],
): AnswerText {
  const { text, isStopped } = answerOf(stop, tokenizer, written);
  if (isStopped) return { text, settled: text.length, isStopped };
  const whole = text.replace(/\ufffd+$/, "");
  const held = Math.max(0, ...stop.map((each) => heldBack(whole, each)));
  return { text, settled: Math.min(tokenizer.cleanUp.settled(whole), whole.length - held), isStopped };
}

/** How many of a text's last characters could be the beginning of a stop text. */
function heldBack(text: string, stop: string): number {
  for (let count = Math.min(text.length, stop.length - 1); count > 0; count--) {
    if (stop.startsWith(text.slice(text.length - count))) return count;
  }
  return 0;
}
