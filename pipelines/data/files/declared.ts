/** Rows as a pipeline declares them by location: plain data, of which nothing has been read yet. @module */

/**
 * One JSON object per line, in one file or in those that match a pattern such as `./part-*.jsonl.gz`, in the order of
 * their names.
 */
export interface JsonlRows {
  /** The kind of data set. */
  readonly kind: "jsonl";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
}

/** One row per line, columns separated by tabs, without quoting, in one file or several. */
export interface TsvRows {
  /** The kind of data set. */
  readonly kind: "tsv";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** The columns' names; omitted if the file's first line has them. */
  readonly columns?: readonly string[];
}

/**
 * Comma-separated values as in RFC 4180, in one file or several: quoted fields may contain commas, quotes and newlines.
 */
export interface CsvRows {
  /** The kind of data set. */
  readonly kind: "csv";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** The separator of the columns; a comma if omitted. */
  readonly separator?: string;
  /** The columns' names; omitted if the file's first line has them. */
  readonly columns?: readonly string[];
}

/** JSON files that contain a list of objects, as the whole file or at a path within it. */
export interface JsonRows {
  /** The kind of data set. */
  readonly kind: "json";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** The path of the list, as in `"data"` or `"data.rows"`; omitted if the file is the list. */
  readonly at?: string;
}

/** Parquet files. */
export interface ParquetRows {
  /** The kind of data set. */
  readonly kind: "parquet";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
}

/** A data set on the Hugging Face hub. */
export interface HubRows {
  /** The kind of data set. */
  readonly kind: "hub";
  /** `owner/name`. */
  readonly id: string;
  /** One of its configurations; omitted if it has only one, or a default. */
  readonly config?: string;
  /** One of its splits; omitted if it has only one. */
  readonly splitName?: string;
  /** A branch, a tag or a commit; `main` if omitted. */
  readonly revision?: string;
}

/** Rows of one file, or of the first file in a folder that has one of several names. */
export interface FolderRows {
  /** The kind of data set. */
  readonly kind: "folder";
  /** A file or a folder, absolute or relative to the pipeline file. */
  readonly path: string;
  /** Names without extensions, with the folders that they are in, in order of preference. */
  readonly names: readonly string[];
  /** What the rows are, for messages. */
  readonly what: string;
  /**
   * The columns of a tab-separated file without a header line: its first line has the same number of cells, and none of
   * them is one of these names.
   */
  readonly columns?: readonly string[];
}

/** Rows in the pipeline file itself. */
export interface RecordRows {
  /** The kind of data set. */
  readonly kind: "records";
  /** One object per row. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** Rows by location. */
export type DeclaredRows =
  | JsonlRows
  | TsvRows
  | CsvRows
  | JsonRows
  | ParquetRows
  | HubRows
  | FolderRows
  | RecordRows;
