/** Rows as a model reads them. @module */
import type { SourceLocation } from "../common/errors.ts";
import type { Turns } from "./chat/turns.ts";
import type { Tokenization } from "./dataset.ts";
import type { EndToken } from "./end_tokens.ts";
import type { Fields, RawRow } from "./files/raw_row.ts";
import type { Filled } from "./template.ts";

/** One example as text. */
export interface Row {
  /** What the completion is: a text to write, one that is preferred to another, or a label to predict. */
  readonly kind: "completion" | "preference" | "label";
  readonly prompt: string;
  /** A second text beside the prompt, of a row with a label. */
  readonly pair?: string;
  /** Where each field of the prompt's template is in it. */
  readonly spans: Filled["spans"];
  /** What the model is to answer, without an end-of-sequence token that it has in the source. */
  readonly completion: string;
  /** What a training reads in the completion's place; the completion if omitted. */
  readonly reads?: string;
  /** The end-of-sequence token that the source's completion ends with. */
  readonly end?: EndToken;
  /** How prompt and completion become tokens; as the model takes them if omitted. */
  readonly tokenization?: Tokenization;
  /** All that the source has about the row. */
  readonly fields: Fields;
  /** Where the row is; `records(...)` counts as a file named `records` with one row a line, `chat(...)` likewise. */
  readonly place: SourceLocation;
  /** The row with the answer that the completion is preferred to in its place. */
  readonly rejected?: Row;
  /** Set if the row has no prompt of its own, so that what both answers begin with is it. */
  readonly isPromptShared?: true;
  /** Set if the row is a conversation: its whole text, of which the prompt is the beginning. */
  readonly turns?: Turns;
  /** Set if the completion is what a chat template writes for a turn, the special tokens that end it included. */
  readonly isTemplated?: true;
}

/** What makes a row of a record. */
export type RowReader = (record: RawRow) => Row;
