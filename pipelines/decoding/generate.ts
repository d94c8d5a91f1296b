/** Continuing each row of a batch independently: greedily or by sampling. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import { type Generator, readBefore, roomOf, type Step } from "./continuation.ts";
import type { Logits } from "./row_logits.ts";
import { continuePrompts } from "./continue_prompts.ts";
import type { EngineShare } from "./engine_share.ts";
import type { Writer } from "./writer.ts";

/** Chooses the next token of a row. */
export interface Choose {
  (logits: Float32Array, row: number, seen: readonly number[]): number;
  /** Whether it always chooses the likeliest one; `false` if omitted. */
  readonly isLikeliest?: boolean;
}

/** How rows are continued. */
interface RowDecoding {
  readonly maxNewTokens: number;
  /** Chooses the next token of a row after all tokens that it has read and generated. */
  readonly choose: Choose;
  /** Whether a row is done for another reason than the end-of-sequence token or the limit. */
  readonly isDone?: (row: number, written: readonly number[]) => boolean;
  /** Receives each token of a row when it is generated. */
  readonly onToken?: (row: number, written: readonly number[]) => void;
}

/** Continues one row. */
class RowWriter implements Writer {
  readonly room: number;
  readonly rows = 1;
  readonly written: number[] = [];
  isDone: boolean;
  readonly #row: number;
  readonly #decoding: RowDecoding;
  readonly #endTokens: ReadonlySet<number>;
  readonly #seen: number[];

  constructor(generator: Generator, prompt: TokenizedPrompt, row: number, decoding: RowDecoding) {
    this.#row = row;
    this.#decoding = decoding;
    this.#endTokens = generator.endTokens;
    this.#seen = [...readBefore(generator, prompt)];
    this.room = Math.min(decoding.maxNewTokens, roomOf(generator) - this.#seen.length);
    this.isDone = this.room <= 0;
  }

  get isForeseen(): boolean {
    return this.#decoding.choose.isLikeliest === true && this.written.length + 1 < this.room;
  }

  advance(logits: Logits): readonly Step[] {
    const { choose, onToken, isDone = () => false } = this.#decoding;
    const token = choose.isLikeliest === true ? logits.likeliest(0) : choose(logits(0), this.#row, this.#seen);
    if (this.#endTokens.has(token)) {
      this.isDone = true;
      return [];
    }
    this.written.push(token);
    this.#seen.push(token);
    onToken?.(this.#row, this.written);
    this.isDone = this.written.length >= this.room || isDone(this.#row, this.written);
    return [{ from: 0, token }];
  }
}

/**
 * Continues prompts until an end-of-sequence token, the limit, or the end of the model's context.
 *
 * @param share The engine to use; if omitted, all rows are decoded at once, as far as memory allows.
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export async function generateRows(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  decoding: RowDecoding,
  share?: EngineShare,
): Promise<number[][]> {
  const writers = prompts.map((prompt, row) => new RowWriter(generator, prompt, row, decoding));
  await continuePrompts(generator, prompts, writers, share);
  return writers.map(({ written }) => written);
}
