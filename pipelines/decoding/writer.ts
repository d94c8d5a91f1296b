/** What writes on from a prompt, token by token. @module */
import type { Logits, Step } from "./continuation.ts";

/** What writes on from one prompt, on one row or several. */
export interface Writer {
  /** The most tokens that each row may write. */
  readonly room: number;
  /** The most rows. */
  readonly rows: number;
  /** Whether it writes no more. */
  readonly isDone: boolean;
  /**
   * Takes the logits of what follows each of its rows, of which there is at first one, seen as all of them.
   *
   * @returns What each of its rows goes on with, counted among its own; ignored once it is done.
   */
  advance(logits: Logits): readonly Step[];
}
