/** The rows that a pipeline declares, and views of them. @module */
import { integer, leaf } from "../common/checks.ts";
import { guarded } from "../common/guarded.ts";
import type { Dataset, FilterView, MapView, View } from "../data/dataset.ts";
import { sourceKinds } from "../data/source_kinds.ts";
import { requireCall, type SettingChecks, swept } from "./calls.ts";
import { withMethods } from "./methods.ts";

/** How a split is drawn. */
export interface SplitOptions {
  /** The size of the test part: a share of the rows between 0 and 1, or a number of rows from 1 up. */
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
   * @example The last 50 of 250 rows held back for an evaluation
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const [seen, unseen] = [rows.take(200), rows.skip(200)];
   * ```
   */
  skip(count: number): Rows;
  /**
   * The rows from index `start` (from 0) up to, but excluding, `end`, or to the last row.
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
   * The rows split into two disjoint parts, both in file order.
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
   * Replaces each row's fields with those that a function returns, before the template is filled in. Numbers are
   * JavaScript numbers in the function, so that 5.0 in a JSON file becomes 5.
   *
   * @example Choices listed by letter
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n{listed}\n", completion: "{answer}" })
   *   .map((row) => ({ ...row, listed: `A) ${row["first"]}\nB) ${row["second"]}` }));
   * ```
   */
  map(change: MapView["with"]): Rows;
  /**
   * The rows for which a function returns `true`.
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
   * @example Each question once
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" }).unique("question");
   * ```
   */
  unique(field: string): Rows;
  /**
   * All rows in a random order that the seed decides.
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
   * A number of rows drawn at random without replacement, in their original order.
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
   * The rows followed by others, each with the template of its own source.
   *
   * @example Two files with different columns
   * ```ts
   * import { csv, jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" })
   *   .concat(csv("./more.csv", { prompt: "{q}\n", completion: "{a}" }));
   * ```
   */
  concat(...others: readonly Dataset[]): Rows;
};

/** The keys of any of several record types. */
type KeysOf<T> = T extends unknown ? keyof T : never;

/** The properties that a record of rows may have besides its views: a source has some of them, a view others. */
const optionalFields = [
  ...Object.values(sourceKinds).flatMap(({ settings }) => Object.keys(settings)),
  ...[
    "of",
    "count",
    "part",
    "test",
    "seed",
    "start",
    "end",
    "with",
    "keep",
    "field",
    "others",
    "half",
    "rule",
  ] satisfies KeysOf<
    View
  >[],
];

const splitOptions: SettingChecks<SplitOptions> = {
  test: swept(leaf("a share between 0 and 1 or a whole number of rows", (value) => {
    return typeof value === "number" && value > 0 && (value < 1 || Number.isSafeInteger(value));
  })),
  seed: swept(integer),
};

/** A dataset with its views. */
export function viewed(data: Dataset): Rows {
  const of: Rows = withMethods(
    data,
    {
      take(count: number) {
        requireCall("rows.take", arguments);
        return viewed({ kind: "take", of, count });
      },
      skip(count: number) {
        requireCall("rows.skip", arguments);
        return viewed({ kind: "skip", of, count });
      },
      slice(start: number, end?: number) {
        requireCall("rows.slice", arguments);
        return viewed({ kind: "slice", of, start, ...end === undefined ? {} : { end } });
      },
      split(options: SplitOptions) {
        requireCall("rows.split", arguments, splitOptions);
        const { test, seed } = options;
        const part = (part: "train" | "test") => viewed({ kind: "split", of, part, test, seed });
        return guarded({ train: part("train"), test: part("test") }, "a split");
      },
      map(change: MapView["with"]) {
        requireCall("rows.map", arguments);
        return viewed({ kind: "map", of, with: change });
      },
      filter(keep: FilterView["keep"]) {
        requireCall("rows.filter", arguments);
        return viewed({ kind: "filter", of, keep });
      },
      unique(field: string) {
        requireCall("rows.unique", arguments);
        return viewed({ kind: "unique", of, field });
      },
      shuffle(seed: number) {
        requireCall("rows.shuffle", arguments);
        return viewed({ kind: "shuffle", of, seed });
      },
      sample(count: number, seed: number) {
        requireCall("rows.sample", arguments);
        return viewed({ kind: "sample", of, count, seed });
      },
      concat(...others: readonly Dataset[]) {
        requireCall("rows.concat", arguments);
        return viewed({ kind: "concat", of, others });
      },
    },
    "a data set",
    optionalFields,
  );
  return of;
}
