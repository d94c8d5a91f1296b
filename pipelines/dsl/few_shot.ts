import { located } from "../common/source_location.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FewShotSpec, Sweepable } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of few-shot examples. */
export interface FewShotOptions {
  /** Follows each example; an empty line, `"\n\n"`, if omitted. */
  readonly separator?: string;
  /**
   * Whether the examples are the first rows in their order, as lm-evaluation-harness's sampler `first_n` has them, whatever
   * the seed; drawn if omitted.
   */
  readonly inOrder?: boolean;
}

/**
 * Examples that an evaluation puts before every prompt, each with its completion (Brown et al. 2020). They are the same for
 * all rows, so that they are read once and not with each row, unless something is learned of the tokens that they are made
 * of: an edit of first tokens, or an adapter. Positions of edits count over the whole prompt, examples included.
 *
 * @param examples Where they are drawn from.
 * @param count How many, from 0 on.
 * @param seed Decides which, and their order.
 * @param options What parts them.
 * @throws {RequestError} In a run, if there are fewer rows, or they are conversations or have labels.
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
