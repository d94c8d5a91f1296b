/** Rows that a pipeline declares, with their views. @module */
import type { Dataset, FilterView, MapView } from "../data/dataset.ts";
import { withMethods } from "./methods.ts";

/** How a split is drawn. */
export interface SplitOptions {
  /** Share of the rows, between 0 and 1, or a number of rows from 1 on. */
  readonly test: number;
  /** Decides which rows are drawn. */
  readonly seed: number;
}

/** Rows of prompts and completions, or of texts and labels, and views of them. */
export type Rows = Dataset & {
  /**
   * The first rows.
   *
   * @example A small run on the first 100 rows
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const few = rows.take(100);
   * ```
   */
  take(count: number): Rows;
  /**
   * The rows after the first.
   *
   * @example The last 50 of 250 rows for an evaluation
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const [seen, unseen] = [rows.take(200), rows.skip(200)];
   * ```
   */
  skip(count: number): Rows;
  /**
   * The rows from one number, from 0 on, to before another, or to the last one.
   *
   * @example Rows 100 to 199
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const some = rows.slice(100, 200);
   * ```
   */
  slice(start: number, end?: number): Rows;
  /**
   * The rows in two parts without overlap, both in file order.
   *
   * @example A quarter of the rows held back
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });
   * ```
   */
  split(options: SplitOptions): { readonly train: Rows; readonly test: Rows };
  /**
   * Rows with the fields that a function makes of each one's. It runs before the template is filled. Numbers are
   * JavaScript's there, so that 5.0 of a JSON file becomes 5.
   *
   * @example Choices by their letters
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n{listed}\n", completion: "{answer}" })
   *   .map((row) => ({ ...row, listed: `A) ${row["first"]}\nB) ${row["second"]}` }));
   * ```
   */
  map(change: MapView["with"]): Rows;
  /**
   * The rows for which a function holds.
   *
   * @example Rows with an answer
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" })
   *   .filter(({ answer }) => answer !== "");
   * ```
   */
  filter(keep: FilterView["keep"]): Rows;
  /**
   * The first row of each value of a field.
   *
   * @example No question twice
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" }).unique("question");
   * ```
   */
  unique(field: string): Rows;
  /**
   * All rows in the random order that a seed gives.
   *
   * @example 100 rows from all over the file
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" }).shuffle(7).take(100);
   * ```
   */
  shuffle(seed: number): Rows;
  /**
   * So many rows, drawn at random without repetition, in the order that they have.
   *
   * @example 100 rows
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" }).sample(100, 7);
   * ```
   */
  sample(count: number, seed: number): Rows;
  /**
   * The rows, and after them others, each with the template of its own source.
   *
   * @example Two files with other columns
   * ```ts
   * import { csv, jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" })
   *   .concat(csv("./more.csv", { prompt: "{q}\n", completion: "{a}" }));
   * ```
   */
  concat(...others: readonly Dataset[]): Rows;
};

/** A dataset with its views. */
export function viewed(of: Dataset): Rows {
  return withMethods(of, {
    take: (count: number) => viewed({ kind: "take", of, count }),
    skip: (count: number) => viewed({ kind: "skip", of, count }),
    slice: (start: number, end?: number) => viewed({ kind: "slice", of, start, ...end === undefined ? {} : { end } }),
    split: ({ test, seed }: SplitOptions) => ({
      train: viewed({ kind: "split", of, part: "train", test, seed }),
      test: viewed({ kind: "split", of, part: "test", test, seed }),
    }),
    map: (change: MapView["with"]) => viewed({ kind: "map", of, with: change }),
    filter: (keep: FilterView["keep"]) => viewed({ kind: "filter", of, keep }),
    unique: (field: string) => viewed({ kind: "unique", of, field }),
    shuffle: (seed: number) => viewed({ kind: "shuffle", of, seed }),
    sample: (count: number, seed: number) => viewed({ kind: "sample", of, count, seed }),
    concat: (...others: readonly Dataset[]) => viewed({ kind: "concat", of, others }),
  });
}
