/** What a kind of source is. @module */
import type { Fields } from "../common/checks.ts";
import type { ChatFormat } from "../models/tokenization/chat_template.ts";
import type { Source } from "./dataset.ts";
import type { EndToken } from "./end_tokens.ts";
import type { RawRow } from "./raw_row.ts";
import type { RowReader } from "./row.ts";

/** What a file is read for: a recipe may put other rows in their place, but not another template. */
export type FileUse = "rows" | "template";

/** How conversations are put into text. */
export interface ChatReading {
  /** The tokenizer's templates. */
  readonly format: ChatFormat;
  /** Whether the last turn is asked for, whatever is taught. */
  readonly asksLast: boolean;
  /** The tokens that end an answer. */
  readonly ends: readonly EndToken[];
  /** Takes what a person should know of the rows; the same more than once. */
  readonly warn?: (message: string) => void;
}

/** All that is known about one kind of source. */
export interface SourceKind<S extends Source> {
  /** A check of each setting, in the order in which they are reported. */
  readonly settings: Fields<S>;
  /** Whether its rows are conversations, of which an evaluation asks for the last turn. */
  readonly hasTurns: boolean;
  /** The source with another path in place of each file that it reads. */
  withFiles(source: S, pathOf: (path: string, use: FileUse) => string): S;
  /**
   * Its records in order.
   *
   * @param base The folder that relative paths count from.
   * @param limit How many are wanted; there may be more.
   */
  readRecords(source: S, base: string, limit?: number): Promise<RawRow[]>;
  /** How a record becomes a row; `chat` is there for kinds whose rows have turns. */
  rowReader(source: S, base: string, chat: ChatReading | undefined): RowReader | Promise<RowReader>;
}
