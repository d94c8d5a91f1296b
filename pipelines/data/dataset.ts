/**
 * What `jsonl(...)`, `csv(...)`, `hub(...)` and the like return, and their views such as `.take` and `.split`: plain data
 * that says which rows are meant. Nothing is read before `loadRows`.
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
 * How a row becomes a prompt and its completion: `{field}` is replaced by the field's value as Python prints it, `{{` and `}}`
 * for braces.
 *
 * @example A question and its answer
 * ```ts
 * const template = { prompt: "{question}\n", completion: "{answer}" };
 * ```
 */
export interface CompletionTemplate {
  /** What the model is given. */
  readonly prompt: string;
  /** What it is to answer. */
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
 * How a prompt and its completion become tokens: encoded as one text, in which the prompt's own tokens end the prompt, or
 * each by itself.
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
  /** What the model is given. */
  readonly text: string;
  /** A second text, which the tokenizer sets apart from the first. */
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
  /** What the model is given; if omitted, the tokens that both answers begin with. */
  readonly prompt?: string;
  /** The answer that is preferred. */
  readonly chosen: string;
  /** The other. */
  readonly rejected: string;
  /** How a prompt and an answer become tokens; `"together"` if omitted. */
  readonly tokenization?: Tokenization;
}

/** How a row becomes an example. */
export type Template = CompletionTemplate | LabelTemplate | PreferenceTemplate;

/** What makes examples of rows. */
export interface Templated {
  /** How a record becomes a row; omitted for rows that are conversations, or instructions with outputs, already. */
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
/** The rows of one file of a folder. */
export interface FolderSource extends FolderRows, Templated {}
/** Rows that the pipeline file holds itself. */
export interface RecordsSource extends RecordRows, Templated {}

/** Where rows come from, where it is not a conversation that is declared as one. */
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
  /** Which kind of data set this is. */
  readonly kind: "take";
  /** What is viewed. */
  readonly of: Dataset;
  /** Number of rows. */
  readonly count: number;
}

/** All but the first `count` rows. */
export interface SkipView {
  /** Which kind of data set this is. */
  readonly kind: "skip";
  /** What is viewed. */
  readonly of: Dataset;
  /** Number of rows. */
  readonly count: number;
}

/**
 * One part of a split. Both parts keep the order of the rows, share none and cover all.
 *
 * `test` is a share of the rows (more than 0, less than 1; rounded to whole rows, at least one) or a number of rows.
 */
export interface SplitView {
  /** Which kind of data set this is. */
  readonly kind: "split";
  /** What is viewed. */
  readonly of: Dataset;
  /** Which of the two parts this is. */
  readonly part: "train" | "test";
  /** Share of the rows in the test part, or their number. */
  readonly test: number;
  /** Decides which rows are drawn. */
  readonly seed: number;
}

/** The rows from one to before another. */
export interface SliceView {
  /** Which kind of data set this is. */
  readonly kind: "slice";
  /** What is viewed. */
  readonly of: Dataset;
  /** The first row's number, from 0 up. */
  readonly start: number;
  /** The number of the row that follows the last one; omitted for all the rest. */
  readonly end?: number;
}

/** What a function makes of each row's fields. */
export interface MapView {
  /** Which kind of data set this is. */
  readonly kind: "map";
  /** What is viewed. */
  readonly of: Dataset;
  /** Gives a row's new fields. */
  readonly with: (fields: Fields, index: number) => Fields;
}

/** The rows for which a function holds. */
export interface FilterView {
  /** Which kind of data set this is. */
  readonly kind: "filter";
  /** What is viewed. */
  readonly of: Dataset;
  /** Whether a row stays. */
  readonly keep: (fields: Fields, index: number) => boolean;
}

/** The first row of each value of a field. */
export interface UniqueView {
  /** Which kind of data set this is. */
  readonly kind: "unique";
  /** What is viewed. */
  readonly of: Dataset;
  /** The field whose values are compared. */
  readonly field: string;
}

/** All rows in random order. */
export interface ShuffleView {
  /** Which kind of data set this is. */
  readonly kind: "shuffle";
  /** What is viewed. */
  readonly of: Dataset;
  /** Decides the order. */
  readonly seed: number;
}

/** Rows drawn at random, in the order that they had. */
export interface SampleView {
  /** Which kind of data set this is. */
  readonly kind: "sample";
  /** What is viewed. */
  readonly of: Dataset;
  /** Number of rows. */
  readonly count: number;
  /** Decides which rows are drawn. */
  readonly seed: number;
}

/** A half of a validation set as pyreft draws it, in torch's order. */
export interface HalfView {
  /** Which kind of data set this is. */
  readonly kind: "half";
  /** What is viewed. */
  readonly of: Dataset;
  /** Whether it is reported, or chooses the best epoch. */
  readonly half: "test" | "validation";
  /** What both are drawn by. */
  readonly seed: number;
  /** Whose rule draws them; torch's if omitted. */
  readonly rule?: HalvesRule;
}

/** Rows, and after them others. */
export interface ConcatView {
  /** Which kind of data set this is. */
  readonly kind: "concat";
  /** What is viewed. */
  readonly of: Dataset;
  /** What follows. */
  readonly others: readonly Dataset[];
}

/** Each row so many times, one after another. */
export interface RepeatView {
  /** Tells the kinds of data set apart. */
  readonly kind: "repeat";
  /** What is viewed. */
  readonly of: Dataset;
  /** How often each row is there. */
  readonly count: number;
}

/** Other rows, or another order, of what is viewed. */
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
