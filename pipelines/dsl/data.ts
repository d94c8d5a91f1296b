import type { Dataset, Template } from "../data/dataset.ts";
import { withMethods } from "./methods.ts";

/** How a split is drawn. */
export interface SplitOptions {
  /** Share of the rows, between 0 and 1, or a number of rows from 1 on. */
  readonly test: number;
  /** Decides which rows are drawn. */
  readonly seed: number;
}

/** Rows of prompts and completions, and views of them. */
export type Rows = Dataset & {
  /** The first rows. */
  take(count: number): Rows;
  /** The rows after the first. */
  skip(count: number): Rows;
  /** The rows in two parts without overlap, both in file order. */
  split(options: SplitOptions): { readonly train: Rows; readonly test: Rows };
};

function rows(of: Dataset): Rows {
  return withMethods(of, {
    take: (count: number) => rows({ kind: "take", of, count }),
    skip: (count: number) => rows({ kind: "skip", of, count }),
    split: ({ test, seed }: SplitOptions) => ({
      train: rows({ kind: "split", of, part: "train", test, seed }),
      test: rows({ kind: "split", of, part: "test", test, seed }),
    }),
  });
}

/**
 * The rows of a JSON Lines file.
 *
 * @param path Absolute, or relative to the pipeline file.
 * @param template Texts in which `{field}` stands for a field of the row.
 */
export function jsonl(path: string, template: Template): Rows {
  return rows({ kind: "jsonl", path, template });
}

/**
 * Rows given in the pipeline itself.
 *
 * @param records One object a row.
 * @param template Texts in which `{field}` stands for a field of the row.
 */
export function records(records: readonly Readonly<Record<string, unknown>>[], template: Template): Rows {
  return rows({ kind: "records", records, template });
}
