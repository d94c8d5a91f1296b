/** What a kind of source is. @module */
import type { ChatFormat } from "../models/tokenization/chat_template.ts";
import type { Source } from "./dataset.ts";
import type { EndToken } from "./end_tokens.ts";
import type { HubRows } from "./files/declared.ts";
import type { RawRow } from "./files/raw_row.ts";
import type { FileReading, FileUse, RowFile, Settings } from "./files/record_kind.ts";
import type { RowReader } from "./row.ts";

/** How conversations are rendered. */
export interface ChatReading {
  /** The tokenizer's templates. */
  readonly format: ChatFormat;
  /** Whether the last turn is to be answered, whichever turns are trained on. */
  readonly asksLast: boolean;
  /** The tokens that end an answer. */
  readonly ends: readonly EndToken[];
  /** Receives notes on the rows for the user; the same note may come more than once. */
  readonly warn?: (message: string) => void;
}

/** All that is known about one kind of source. */
export interface SourceKind<S extends Source> {
  /** A check of each setting, in the order in which they are reported. */
  readonly settings: Settings;
  /** Whether its rows are conversations, whose last turn an evaluation generates. */
  hasTurns(source: S): boolean;
  /** The source with each path of a file replaced. */
  withFiles(source: S, pathOf: (path: string, use: FileUse) => string): S;
  /** The hub data set that it reads; `undefined` if it reads none. */
  hubRows(source: S): HubRows | undefined;
  /** The source with a hub data set in place of what it reads. */
  fromHub(source: S, rows: HubRows): Source;
  /** The files of rows that it reads, in order; downloaded if necessary. */
  files(source: S, reading: FileReading): Promise<readonly RowFile[]>;
  /** Its records in order, read as they are requested. */
  records(source: S, reading: FileReading): AsyncIterable<RawRow>;
  /** How a record becomes a row; `chat` is given if rows may have turns. */
  rowReader(source: S, base: string, chat: ChatReading | undefined): RowReader | Promise<RowReader>;
}
