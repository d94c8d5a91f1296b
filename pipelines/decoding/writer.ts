/** Writers, which continue a prompt token by token. @module */
import type { Step } from "./continuation.ts";
import type { Logits } from "./row_logits.ts";

/** Continues one prompt, on one or several rows. */
export interface Writer {
  /** The maximum number of tokens that each row may generate. */
  readonly room: number;
  /** The maximum number of rows. */
  readonly rows: number;
  /** Whether it is done. */
  readonly isDone: boolean;
  /**
   * Whether it will next ask for the likeliest token of each of its rows and for nothing else, and then may continue
   * with these; what follows them is computed before it has asked. `false` if omitted.
   */
  readonly isForeseen?: boolean;
  /**
   * Takes the logits after each of its rows; at first there is a single row, which represents all of them.
   *
   * @returns How each of its rows continues, with rows numbered among its own; ignored once it is done.
   */
  advance(logits: Logits): readonly Step[];
}
