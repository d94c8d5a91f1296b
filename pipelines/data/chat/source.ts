/** Conversations as a pipeline declares them. @module */
import type { DeclaredRows, RecordRows } from "../files/declared.ts";

/** One turn of a conversation. What else it has, such as `tool_calls`, is for the template to read. */
export interface ChatMessage {
  /** Whose turn it is: `system`, `user`, `assistant` or `tool`, as a rule. */
  readonly role: string;
  /** A text, or what a template takes in its place. */
  readonly content?: string | readonly object[] | null;
  /** What else the template may ask for. */
  readonly [field: string]: unknown;
}

/** A conversation: its messages alone, or with other fields that edits may ask for. */
export type ChatRow = readonly ChatMessage[] | {
  /** The turns in order. */
  readonly messages: readonly ChatMessage[];
  /** Fields of the row. */
  readonly [field: string]: unknown;
};

/** Conversations, put into text by a chat template. */
export interface ChatSource {
  /** Which kind of data set this is. */
  readonly kind: "chat";
  /** One conversation a row, of files, of a hub or of the pipeline file itself. */
  readonly conversations:
    | Exclude<DeclaredRows, RecordRows>
    | { readonly kind: "records"; readonly records: readonly ChatRow[] };
  /** What is taught: the last of the assistant's turns, or each of them. */
  readonly loss: "completion" | "all-turns";
  /** The system message of conversations that have none. */
  readonly system?: string;
  /** In place of the tokenizer's own template: the name of another that it has, a file, or Jinja text. */
  readonly template?: string;
  /** Tools that the template is given, as JSON schemas. */
  readonly tools?: readonly object[];
}
