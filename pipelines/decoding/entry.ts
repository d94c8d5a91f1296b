/** The requests to an engine, with their progress. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator, Step } from "./continuation.ts";
import { type Logits, NotNumbers } from "./row_logits.ts";
import { keyValueBytes } from "./key_value_cache.ts";
import type { BlockKeys } from "./prefix_cache.ts";
import type { Writer } from "./writer.ts";

/** A request to an engine. */
export interface WritingTask {
  readonly generator: Generator;
  readonly prompt: TokenizedPrompt;
  /** Begins with one row, the prompt's, and continues with one row per step that it returns. */
  readonly writer: Writer;
  /**
   * Receives the logits after each of the prompt's tokens, in order; they are valid only during the call. Not available
   * if an encoder reads the prompt.
   */
  readonly onPromptLogits?: ((logits: Float32Array, at: number) => void) | undefined;
  /** Ends generation when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Equal for prompts of one model that are prefilled in the same runs, whatever else is waiting; so their numbers do
   * not depend on it. If omitted, a prompt is prefilled with any that are waiting.
   */
  readonly together?: object | undefined;
}

/** A prompt that is waiting, being prefilled or being continued. */
export interface Entry extends WritingTask {
  resolve(): void;
  reject(reason: unknown): void;
  /** How long the engine has worked for it: its share of the runs with others. */
  seconds: number;
  readonly keys: BlockKeys;
  /** The index of its first row in its batch. */
  first: number;
  /** How its rows continue, numbered as by the writer. */
  steps: readonly Step[];
}

/** The bytes of the keys and values of all tokens that an entry has read and may generate. */
export function bytesOf({ generator, prompt, writer }: Entry): number {
  return keyValueBytes(generator, (prompt.prompt.length + writer.room) * writer.rows);
}

/** The maximum number of rows that entries may need. */
export function rowsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { writer }) => sum + writer.rows, 0);
}

/** Whether an entry has been aborted. */
export const isAborted = ({ signal }: Entry) => signal?.aborted === true;

/** Has an entry's writer choose how it continues; returns whether it does. */
export function advance(entry: Entry, logits: Logits): boolean {
  try {
    // A prompt has one row.
    for (let row = 0; row < Math.max(1, entry.steps.length); row++) if (!logits.areNumbers(row)) throw new NotNumbers();
    entry.steps = entry.writer.advance(logits);
  } catch (error) {
    entry.reject(error);
    return false;
  }
  if (entry.writer.isDone) entry.resolve();
  return !entry.writer.isDone;
}
