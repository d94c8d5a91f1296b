/** Conversations as a pipeline declares them. @module */
import type { DeclaredRows, RecordRows } from "../files/declared.ts";

/** One turn of a conversation. Other fields, such as `tool_calls`, are for the template to read. */
export interface ChatMessage {
  /** Whose turn it is: usually `system`, `user`, `assistant` or `tool`. */
  readonly role: string;
  /** A text, or whatever else the template accepts. */
  readonly content?: string | readonly object[] | null;
  /** Other fields that the template may read. */
  readonly [field: string]: unknown;
}

/** A conversation: its messages alone, or with other fields that edits may read. */
export type ChatRow = readonly ChatMessage[] | {
  /** The turns in order. */
  readonly messages: readonly ChatMessage[];
  /** Fields of the row. */
  readonly [field: string]: unknown;
};

/** Conversations, rendered by a chat template. */
export interface ChatSource {
  /** The kind of data set. */
  readonly kind: "chat";
  /** One conversation per row, from files, from a hub or from the pipeline file itself. */
  readonly conversations:
    | Exclude<DeclaredRows, RecordRows>
    | { readonly kind: "records"; readonly records: readonly ChatRow[] };
  /** What is trained on: the last of the assistant's turns, or each of them. */
  readonly loss: "completion" | "all-turns";
  /** The system message of conversations that have none. */
  readonly system?: string;
  /** Replaces the tokenizer's default template: the name of another one that it has, a file, or Jinja text. */
  readonly template?: string;
  /** Tools for the template, as JSON schemas. */
  readonly tools?: readonly object[];
}
