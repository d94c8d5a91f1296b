import { located } from "../common/source_location.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FewShotSpec, Sweepable } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of few-shot examples. */
export interface FewShotOptions {
  /** The text after each example; an empty line, `"\n\n"`, if omitted. */
  readonly separator?: string;
  /**
   * Whether the examples are the first rows in order, whatever the seed, as with lm-evaluation-harness's sampler
   * `first_n`; if omitted, they are drawn at random.
   */
  readonly inOrder?: boolean;
}

/**
 * Examples, each with its completion, that an evaluation puts before every prompt (Brown et al. 2020). They are the
 * same for all rows, so that they are encoded once instead of with each row, unless an adapter, or an edit of first
 * tokens, changes their representations. Positions of edits count over the whole prompt, including the examples.
 *
 * @param examples The rows that they are drawn from.
 * @param count The number of examples, from 0 up.
 * @param seed Decides which rows are drawn, and their order.
 * @param options The separator, and whether the first rows are taken.
 * @throws {RequestError} In a run, if there are too few rows, or the rows are conversations or have labels.
 *
 * @example Accuracy by the number of examples
 * ```ts
 * import { accuracy, baseModel, choices, evaluate, fewShot, jsonl, sweep } from "refract";
 *
 * const rows = jsonl("./boolq.jsonl", { prompt: "{passage}\n{question}\nAnswer: ", completion: "{answer}" });
 * const { train: seen, test: data } = rows.split({ test: 100, seed: 7 });
 * const decoding = choices(["yes", "no"], { end: false });
 * const shots = fewShot(seen, sweep("shots", [0, 1, 5]), 42);
 * const measured = evaluate(baseModel("builtin:tiny"), { data, fewShot: shots, decoding, metrics: [accuracy()] });
 * ```
 */
export function fewShot(
  examples: Sweepable<Dataset>,
  count: Sweepable<number>,
  seed: Sweepable<number>,
  { separator = "\n\n", ...rest }: FewShotOptions = {},
): FewShotSpec {
  requireCall("fewShot", arguments);
  return located({ ...rest, kind: "fewShot", examples, count, seed, separator });
}
