/** What an engine is asked to write, as far as it is. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator, Logits, Step } from "./continuation.ts";
import { keyValueBytes } from "./key_value_cache.ts";
import type { BlockKeys } from "./prefix_cache.ts";
import type { Writer } from "./writer.ts";

/** What an engine is asked to write. */
export interface WritingTask {
  readonly generator: Generator;
  readonly prompt: TokenizedPrompt;
  /** Begins with one row, the prompt's, and continues with as many as its steps are. */
  readonly writer: Writer;
  /**
   * Gets the logits of what follows each of the prompt's tokens, in order; they are there for the call alone. Not where an
   * encoder reads the prompt.
   */
  readonly onPromptLogits?: ((logits: Float32Array, at: number) => void) | undefined;
  /** Ends the writing when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A prompt that waits, is read or is written after. */
export interface Entry extends WritingTask {
  resolve(): void;
  reject(reason: unknown): void;
  readonly keys: BlockKeys;
  /** The first of its batch's rows that is its own. */
  first: number;
  /** What its rows continue with, as the writer counts them. */
  steps: readonly Step[];
}

/** The keys and values of all that an entry has read and may write. */
export function bytesOf({ generator: { architecture }, prompt, writer }: Entry): number {
  return keyValueBytes(architecture, (prompt.prompt.length + writer.room) * writer.rows);
}

/** The rows that entries may take. */
export function rowsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { writer }) => sum + writer.rows, 0);
}

/** Whether nobody waits for an entry any more. */
export const isAborted = ({ signal }: Entry) => signal?.aborted === true;

/** Lets an entry's writer choose what it continues with; whether it does. */
export function advance(entry: Entry, logits: Logits): boolean {
  try {
    entry.steps = entry.writer.advance(logits);
  } catch (error) {
    entry.reject(error);
    return false;
  }
  if (entry.writer.isDone) entry.resolve();
  return !entry.writer.isDone;
}
