/** Continuing each row of a batch by itself: greedily, or by sampling. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import { Continuation, type Generator, type Logits, readBefore, roomOf } from "./continuation.ts";

/** How rows are continued. */
export interface RowDecoding {
  readonly maxNewTokens: number;
  /** The next token of a row after what it has read and written. */
  readonly choose: (logits: Float32Array, row: number, seen: readonly number[]) => number;
  /** Whether a row is done with what it has written, besides the end-of-sequence token and the limit. */
  readonly isDone?: (written: readonly number[]) => boolean;
  /** Gets each token of a row as it is written. */
  readonly onToken?: (row: number, written: readonly number[]) => void;
}

/**
 * Continues prompts until an end-of-sequence token or the limit. A prompt that would outgrow the model's context ends
 * there.
 *
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export async function generateRows(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  { maxNewTokens, choose, isDone = () => false, onToken }: RowDecoding,
): Promise<number[][]> {
  const { endTokens } = generator, contextLength = roomOf(generator);
  const written: number[][] = prompts.map(() => []);
  const open = new Set(prompts.keys()), before = prompts.map((prompt) => readBefore(generator, prompt));
  const accept = (logits: Logits) => {
    for (const row of open) {
      const read = before[row]!, own = written[row]!;
      const token = choose(logits(row), row, [...read, ...own]);
      if (endTokens.has(token) || read.length + own.length >= contextLength) {
        open.delete(row);
        continue;
      }
      own.push(token);
      onToken?.(row, own);
      if (own.length >= maxNewTokens || isDone(own)) open.delete(row);
    }
  };
  const { continuation, logits } = await Continuation.start(generator, prompts, { room: maxNewTokens });
  accept(logits);
  while (open.size > 0) accept(await continuation.next(written.map((tokens) => tokens[tokens.length - 1] ?? 0)));
  return written;
}
