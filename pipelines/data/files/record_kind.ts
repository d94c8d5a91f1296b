/** What a kind of file of rows is. @module */
import type { Check, Fields } from "../../common/checks.ts";
import type { AccessOptions } from "../../models/hub/access.ts";
import type { DownloadProgress } from "../../models/hub/snapshot.ts";
import type { DeclaredRows } from "./declared.ts";
import type { RawRow } from "./raw_row.ts";

/** What a path is read for: a recipe may replace rows, but not a template or a folder. */
export type FileUse = "rows" | "template" | "folder";

/** Shows progress while a large file is read; called with the number of bytes read so far. */
export type FileProgress = (path: string, total: number) => (done: number) => void;

/** How data sets are downloaded from a hub. */
export interface HubReading extends AccessOptions {
  readonly progress?: DownloadProgress;
}

/** Where files are, and what reports on reading them. */
export interface FileReading {
  /** The folder that relative paths are resolved from. */
  readonly base: string;
  readonly hub?: HubReading;
  readonly progress?: FileProgress;
  /** Receives notes on the files for the user; the same note may come more than once. */
  readonly warn?: (message: string) => void;
}

/** A file that rows are read from. */
export interface RowFile {
  /** Its name in a manifest. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** All that is known about one kind of rows before a template makes examples of them. */
export interface RecordKind<R extends DeclaredRows> {
  /** A check of each setting, in the order in which they are reported. */
  readonly settings: Fields<R>;
  /** The rows with each path replaced. */
  withFiles(rows: R, pathOf: (path: string, use: FileUse) => string): R;
  /**
   * The files that are read, in order, with those of a pattern or a hub sorted by name; downloaded if necessary.
   *
   * @throws {RequestError} If there are none.
   */
  files(rows: R, reading: FileReading): Promise<readonly RowFile[]>;
  /** The rows in order, read as they are requested. */
  records(rows: R, reading: FileReading): AsyncIterable<RawRow>;
}

/** A check of each setting of some rows. */
export type Settings = Readonly<Record<string, Check>>;
