/** Rows as a model reads them. @module */
import type { SourceLocation } from "../common/errors.ts";
import type { Turns } from "./chat/turns.ts";
import type { Tokenization } from "./dataset.ts";
import type { EndToken } from "./end_tokens.ts";
import type { Fields, RawRow } from "./files/raw_row.ts";
import type { Filled } from "./template.ts";

/** One example as text. */
export interface Row {
  /** What the completion is: a text to generate, one that is preferred to another, or a label to predict. */
  readonly kind: "completion" | "preference" | "label";
  readonly prompt: string;
  /** A second text beside the prompt, in a row with a label. */
  readonly pair?: string;
  /** Where each field of the prompt's template is in it. */
  readonly spans: Filled["spans"];
  /** The answer, without an end-of-sequence token that it has in the source. */
  readonly completion: string;
  /** What a training reads in the completion's place; the completion if omitted. */
  readonly reads?: string;
  /** The end-of-sequence token that the source's completion ends with. */
  readonly end?: EndToken;
  /** How prompt and completion are tokenized; as the model requires if omitted. */
  readonly tokenization?: Tokenization;
  /** Everything that the source has about the row. */
  readonly fields: Fields;
  /**
   * The row's place; `records(...)` counts as a file named `records` with one row per line, and so does `chat(...)`.
   */
  readonly place: SourceLocation;
  /** The row with the rejected answer as its completion. */
  readonly rejected?: Row;
  /** Set if the row has no prompt of its own, so that the common prefix of both answers is the prompt. */
  readonly isPromptShared?: true;
  /** Set if the row is a conversation: its whole text, which the prompt is the beginning of. */
  readonly turns?: Turns;
  /** Set if the completion is what a chat template renders for a turn, including the special tokens that end it. */
  readonly isTemplated?: true;
}

/** Makes a row of a record. */
export type RowReader = (record: RawRow) => Row;
