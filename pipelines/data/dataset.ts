/**
 * What `jsonl(...)`, `tsv(...)`, `records(...)`, `chat(...)` and their `.take`, `.skip` and `.split` return: plain data that
 * says which rows are meant. Nothing is read before `loadRows`.
 *
 * @module
 */
import type { ChatSource } from "./chat/source.ts";

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

/** How a row becomes an example. */
export type Template = CompletionTemplate | LabelTemplate;

/** One JSON object a line. A relative path counts from the pipeline file's folder. */
export interface JsonlSource {
  /** Tells the kinds of data set apart. */
  readonly kind: "jsonl";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** How a record becomes a row. */
  readonly template: Template;
}

/** One row a line, its columns parted by tabs and nothing quoted. A relative path counts from the pipeline file's folder. */
export interface TsvSource {
  /** Tells the kinds of data set apart. */
  readonly kind: "tsv";
  /** Absolute, or relative to the pipeline file. */
  readonly path: string;
  /** How a record becomes a row. */
  readonly template: Template;
  /** The columns' names; omitted where the file's first line says them. */
  readonly columns?: readonly string[];
}

/** Rows that the pipeline file holds itself. */
export interface RecordsSource {
  /** Tells the kinds of data set apart. */
  readonly kind: "records";
  /** One object a row. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** How a record becomes a row. */
  readonly template: Template;
}

/** Where rows come from. */
export type Source = JsonlSource | TsvSource | RecordsSource | ChatSource;

/** The first `count` rows, or all if there are fewer. */
export interface TakeView {
  /** Tells the kinds of data set apart. */
  readonly kind: "take";
  /** What is viewed. */
  readonly of: Dataset;
  /** Number of rows. */
  readonly count: number;
}

/** All but the first `count` rows. */
export interface SkipView {
  /** Tells the kinds of data set apart. */
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
  /** Tells the kinds of data set apart. */
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

/** Rows as a pipeline declares them: a source, seen through any number of views. */
export type Dataset = Source | TakeView | SkipView | SplitView;
