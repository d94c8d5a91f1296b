/**
 * What `jsonl(...)`, `records(...)` and their `.take`, `.skip` and `.split` return: plain data that says which rows are
 * meant. Nothing is read before `loadRows`.
 *
 * @module
 */

/**
 * How a row becomes a prompt and its completion: `{field}` stands for the field's value, `{{` and `}}` for braces.
 *
 * @example A question and its answer
 * ```ts
 * const template = { prompt: "{question}\n", completion: "{answer}" };
 * ```
 */
export interface Template {
  readonly prompt: string;
  readonly completion: string;
}

/** One JSON object a line. A relative path counts from the pipeline file's folder. */
export interface JsonlSource {
  readonly kind: "jsonl";
  readonly path: string;
  readonly template: Template;
}

/** Rows that the pipeline file holds itself. */
export interface RecordsSource {
  readonly kind: "records";
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly template: Template;
}

/** Where rows come from. */
export type Source = JsonlSource | RecordsSource;

/** The first `count` rows, or all if there are fewer. */
export interface TakeView {
  readonly kind: "take";
  readonly of: Dataset;
  readonly count: number;
}

/** All but the first `count` rows. */
export interface SkipView {
  readonly kind: "skip";
  readonly of: Dataset;
  readonly count: number;
}

/**
 * One part of a split. Both parts keep the order of the rows, share none and cover all.
 *
 * `test` is a share of the rows (more than 0, less than 1; rounded to whole rows, at least one) or a number of rows.
 */
export interface SplitView {
  readonly kind: "split";
  readonly of: Dataset;
  readonly part: "train" | "test";
  readonly test: number;
  readonly seed: number;
}

/** Rows as a pipeline declares them: a source, seen through any number of views. */
export type Dataset = Source | TakeView | SkipView | SplitView;
