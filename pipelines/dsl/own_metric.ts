import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { ExtractAnswer } from "../metrics/declared.ts";
import type { MeasuredRow } from "../metrics/prediction.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of a custom metric: either `measure` or `measureAll`, and what they are passed. */
export interface OwnMetricOptions<Prediction extends string | number = string> {
  /** Returns a number for one row, or whether it is correct; the mean over all rows is reported. */
  readonly measure?: (prediction: Prediction, row: MeasuredRow) => number | boolean;
  /** Returns one number for all rows. */
  readonly measureAll?: (predictions: readonly Prediction[], rows: readonly MeasuredRow[]) => number;
  /**
   * The number of bootstrap samples of the rows for the standard error of `measureAll` (Efron 1979), which is called
   * once for each; 0 for no standard error. 1000 if omitted, or fewer if there are more than 10,000 rows.
   */
  readonly resamples?: number;
  /** Returns the part of the generated text to measure; `undefined` if there is none, which becomes `""`. */
  readonly extract?: ExtractAnswer;
  /** Returns the value to measure instead of a prediction; called after `extract`. */
  readonly map?: (prediction: Prediction, row: MeasuredRow) => Prediction;
  /** Whether lower is better, for {@linkcode best} and reports; `false` if omitted. */
  readonly lowerIsBetter?: boolean;
  /** The unit that results and reports show. */
  readonly unit?: string;
  /**
   * What a prediction is: with `answers`, the default, the output of a decoding or a head; with `scores`, the sum of
   * the completion's negative log-likelihoods in nats.
   */
  readonly reads?: "answers" | "scores";
}

/**
 * A custom metric. A prediction is the text that was generated or chosen, the name of a class, or a number. The row has
 * the `prompt`, the `completion`, all `fields` of the data and, with choices, their `scores`. Metrics are computed from
 * stored predictions in every run, so that changing one generates nothing again.
 *
 * @param name The metric's name in results: one word that no other metric has.
 * @param options The function and what it is passed.
 * @throws {RequestError} If it does not have exactly one of `measure` and `measureAll`. In a run, if a function throws
 * or does not return a finite number; the message names the row.
 *
 * @example The mean of one number per row, and one number for all rows
 * ```ts
 * import { baseModel, evaluate, greedy, jsonl, metric } from "refract";
 *
 * const words = metric("words", { measure: (answer) => answer.split(/\s+/).length, lowerIsBetter: true, unit: "words" });
 * const variety = metric("variety", { measureAll: (answers) => new Set(answers).size / answers.length });
 * const hinted = metric("hinted", { measure: (answer, { fields }) => answer.includes(String(fields["hint"])) });
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = greedy({ maxNewTokens: 8 });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [words, variety, hinted] });
 * ```
 */
export function metric<Prediction extends string | number = string>(
  name: string,
  options: OwnMetricOptions<Prediction>,
): MetricSpec {
  requireCall("metric", arguments);
  const { measure, measureAll, lowerIsBetter = false, reads = "answers" } = options;
  if ((measure === undefined) === (measureAll === undefined)) {
    throw new RequestError(
      `the metric ${name} has ${
        measure === undefined ? "no function" : "two functions"
      }; give it measure, which returns a number for each row, or measureAll, which returns one for all rows`,
    );
  }
  return located({ ...options, name, lowerIsBetter, reads, kind: "metric" });
}
