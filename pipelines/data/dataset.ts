/**
 * What `jsonl(...)`, `csv(...)`, `hub(...)` and the like return, and their views such as `.take` and `.split`: plain
 * data that says which rows are meant. Nothing is read before `loadRows`.
 *
 * @module
 */
import type { ChatSource } from "./chat/source.ts";
import type {
  CsvRows,
  FolderRows,
  HubRows,
  JsonlRows,
  JsonRows,
  ParquetRows,
  RecordRows,
  TsvRows,
} from "./files/declared.ts";
import type { Fields } from "./files/raw_row.ts";
import type { HalvesRule } from "./halves/halves.ts";

/**
 * How a row becomes a prompt and its completion: `{field}` is replaced by the field's value as Python prints it, `{{`
 * and `}}` by literal braces.
 *
 * @example A question and its answer
 * ```ts
 * const template = { prompt: "{question}\n", completion: "{answer}" };
 * ```
 */
export interface CompletionTemplate {
  /** The model's input. */
  readonly prompt: string;
  /** The answer. */
  readonly completion: string;
  /**
   * What a training reads in the completion's place, token by token, while the completion's tokens are taught: an answer that
   * is to be turned into a better one. Where it is the shorter of the two, it is filled with unknown tokens, which no other
   * token attends to.
   */
  readonly reads?: string;
  /** How the two become tokens; `"together"` if omitted, of models with an encoder `"apart"`. */
  readonly tokenization?: Tokenization;
}

/**
 * How a prompt and its completion are tokenized: as one text, in which the prompt's own tokens end the prompt, or each
 * separately.
 */
export type Tokenization = "together" | "apart";

/**
 * How a row becomes a text, or a pair of texts, and its label, for a model with a head.
 *
 * @example Two sentences, and whether the first entails the second
 * ```ts
 * const template = { text: "{sentence1}", pair: "{sentence2}", label: "{label}" };
 * ```
 */
export interface LabelTemplate {
  /** The model's input. */
  readonly text: string;
  /** A second text, which the tokenizer separates from the first. */
  readonly pair?: string;
  /** A label's name or its number from 0; a number for regression. */
  readonly label: string;
}

/**
 * How a row becomes a prompt with two answers, of which the first is preferred.
 *
 * @example A question, and a better and a worse answer
 * ```ts
 * const template = { prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" };
 * ```
 */
export interface PreferenceTemplate {
  /** The model's input; if omitted, the tokens that both answers begin with. */
  readonly prompt?: string;
  /** The preferred answer. */
  readonly chosen: string;
  /** The other answer. */
  readonly rejected: string;
  /** How a prompt and an answer are tokenized; `"together"` if omitted. */
  readonly tokenization?: Tokenization;
}

/** How a row becomes an example. */
export type Template = CompletionTemplate | LabelTemplate | PreferenceTemplate;

/** What makes examples of rows. */
export interface Templated {
  /** How a record becomes a row; omitted for rows that already are conversations, or instructions with outputs. */
  readonly template?: Template;
}

/** The rows of JSON Lines files. */
export interface JsonlSource extends JsonlRows, Templated {}
/** The rows of tab-separated files. */
export interface TsvSource extends TsvRows, Templated {}
/** The rows of comma-separated files. */
export interface CsvSource extends CsvRows, Templated {}
/** The rows of lists in JSON files. */
export interface JsonSource extends JsonRows, Templated {}
/** The rows of Parquet files. */
export interface ParquetSource extends ParquetRows, Templated {}
/** The rows of a data set of the Hugging Face hub. */
export interface HubSource extends HubRows, Templated {}
/** The rows of one file in a folder. */
export interface FolderSource extends FolderRows, Templated {}
/** Rows in the pipeline file itself. */
export interface RecordsSource extends RecordRows, Templated {}

/** Where rows come from, unless they are declared as conversations. */
export type TemplatedSource =
  | JsonlSource
  | TsvSource
  | CsvSource
  | JsonSource
  | ParquetSource
  | HubSource
  | FolderSource
  | RecordsSource;

/** Where rows come from. */
export type Source = TemplatedSource | ChatSource;

/** The first `count` rows, or all if there are fewer. */
export interface TakeView {
  /** The kind of data set. */
  readonly kind: "take";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The number of rows. */
  readonly count: number;
}

/** All but the first `count` rows. */
export interface SkipView {
  /** The kind of data set. */
  readonly kind: "skip";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The number of rows. */
  readonly count: number;
}

/**
 * One part of a split. Both parts keep the order of the rows; they are disjoint and together contain all rows. `test`
 * is a share of the rows (more than 0, less than 1; rounded to whole rows, at least one) or a number of rows.
 *
 * `test` is a share of the rows (more than 0, less than 1; rounded to whole rows, at least one) or a number of rows.
 */
export interface SplitView {
  /** The kind of data set. */
  readonly kind: "split";
  /** The underlying data set. */
  readonly of: Dataset;
  /** Which of the two parts this is. */
  readonly part: "train" | "test";
  /** The test part's share of the rows, or its number of rows. */
  readonly test: number;
  /** Determines which rows are drawn. */
  readonly seed: number;
}

/** The rows from one index up to, but not including, another. */
export interface SliceView {
  /** The kind of data set. */
  readonly kind: "slice";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The first row's index, from 0. */
  readonly start: number;
  /** The index of the row after the last one; if omitted, all remaining rows. */
  readonly end?: number;
}

/** Rows with their fields transformed by a function. */
export interface MapView {
  /** The kind of data set. */
  readonly kind: "map";
  /** The underlying data set. */
  readonly of: Dataset;
  /** Returns a row's new fields. */
  readonly with: (fields: Fields, index: number) => Fields;
}

/** The rows for which a function returns true. */
export interface FilterView {
  /** The kind of data set. */
  readonly kind: "filter";
  /** The underlying data set. */
  readonly of: Dataset;
  /** Whether to keep a row. */
  readonly keep: (fields: Fields, index: number) => boolean;
}

/** The first row with each value of a field. */
export interface UniqueView {
  /** The kind of data set. */
  readonly kind: "unique";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The field whose values are compared. */
  readonly field: string;
}

/** All rows in random order. */
export interface ShuffleView {
  /** The kind of data set. */
  readonly kind: "shuffle";
  /** The underlying data set. */
  readonly of: Dataset;
  /** Determines the order. */
  readonly seed: number;
}

/** Rows drawn at random, in their original order. */
export interface SampleView {
  /** The kind of data set. */
  readonly kind: "sample";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The number of rows. */
  readonly count: number;
  /** Determines which rows are drawn. */
  readonly seed: number;
}

/** One half of a validation set as pyreft draws it, in torch's order. */
export interface HalfView {
  /** The kind of data set. */
  readonly kind: "half";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The half that is reported, or the one that chooses the best epoch. */
  readonly half: "test" | "validation";
  /** What both are drawn by. */
  readonly seed: number;
  /** Whose rule draws them; torch's if omitted. */
  readonly rule?: HalvesRule;
}

/** Rows followed by others. */
export interface ConcatView {
  /** The kind of data set. */
  readonly kind: "concat";
  /** The underlying data set. */
  readonly of: Dataset;
  /** The data sets that follow. */
  readonly others: readonly Dataset[];
}

/** Each row several times, one after another. */
export interface RepeatView {
  /** The kind of data set. */
  readonly kind: "repeat";
  /** The underlying data set. */
  readonly of: Dataset;
  /** How often each row is repeated. */
  readonly count: number;
}

/** A selection or a reordering of the underlying rows. */
export type View =
  | TakeView
  | SkipView
  | SliceView
  | SplitView
  | MapView
  | FilterView
  | UniqueView
  | ShuffleView
  | SampleView
  | HalfView
  | ConcatView
  | RepeatView;

/** Rows as a pipeline declares them: a source, seen through any number of views. */
export type Dataset = Source | View;
