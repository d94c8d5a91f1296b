/** Rows as a pipeline declares them by where they are: plain data, of which nothing is read yet. @module */

/** One JSON object a line, in a file or in those that a pattern such as `./part-*.jsonl.gz` names, in their names' order. */
export interface JsonlRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "jsonl";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
}

/** One row a line, its columns separated by tabs and nothing quoted, in one file or several. */
export interface TsvRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "tsv";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** The columns' names; omitted where the file's first line says them. */
  readonly columns?: readonly string[];
}

/** Comma-separated values by RFC 4180, in one file or several: what is in quotes may hold commas, quotes and newlines. */
export interface CsvRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "csv";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** What parts the columns; a comma if omitted. */
  readonly separator?: string;
  /** The columns' names; omitted where the file's first line says them. */
  readonly columns?: readonly string[];
}

/** JSON files that hold a list of objects, the whole file or at a path within it. */
export interface JsonRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "json";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** The names that lead to the list, as in `"data"` or `"data.rows"`; omitted where the file is the list. */
  readonly at?: string;
}

/** Parquet files. */
export interface ParquetRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "parquet";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
}

/** A data set of the Hugging Face hub. */
export interface HubRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "hub";
  /** `owner/name`. */
  readonly id: string;
  /** Which of its configurations; omitted where it has one alone, or a default. */
  readonly config?: string;
  /** Which of its splits; omitted where it has one alone. */
  readonly splitName?: string;
  /** A branch, a tag or a commit; `main` if omitted. */
  readonly revision?: string;
}

/** Rows of one file, or of the first that a folder has by one of several names. */
export interface FolderRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "folder";
  /** A file or a folder, absolute or relative to the pipeline file. */
  readonly path: string;
  /** Names without endings, with the folders that they are in, the first choice first. */
  readonly names: readonly string[];
  /** What the rows are, for messages. */
  readonly what: string;
  /** The columns of a tab-separated file whose first line is a row: one with as many cells, none of which is one of these. */
  readonly columns?: readonly string[];
}

/** Rows that the pipeline file holds itself. */
export interface RecordRows {
  /** Tells the kinds of data set apart. */
  readonly kind: "records";
  /** One object a row. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** Rows by where they are. */
export type DeclaredRows =
  | JsonlRows
  | TsvRows
  | CsvRows
  | JsonRows
  | ParquetRows
  | HubRows
  | FolderRows
  | RecordRows;
