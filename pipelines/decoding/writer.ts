/** Writers, which continue a prompt token by token. @module */
import type { Logits, Step } from "./continuation.ts";

/** Continues one prompt, on one or several rows. */
export interface Writer {
  /** The maximum number of tokens that each row may generate. */
  readonly room: number;
  /** The maximum number of rows. */
  readonly rows: number;
  /** Whether it is done. */
  readonly isDone: boolean;
  /**
   * Whether its next token will be the likeliest one on each of its rows, after which it may continue; its token after
   * that is then computed before it has chosen. `false` if omitted.
   */
  readonly isForeseen?: boolean;
  /**
   * Takes the logits after each of its rows; at first there is a single row, which represents all of them.
   *
   * @returns How each of its rows continues, with rows numbered among its own; ignored once it is done.
   */
  advance(logits: Logits): readonly Step[];
}
