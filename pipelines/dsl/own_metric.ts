import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { ExtractAnswer } from "../metrics/declared.ts";
import type { MeasuredRow } from "../metrics/prediction.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of a metric of one's own: one of `measure` and `measureAll`, and what they are given. */
export interface OwnMetricOptions<Prediction extends string | number = string> {
  /** A row's number, or whether it is right; the mean of all rows is reported. */
  readonly measure?: (prediction: Prediction, row: MeasuredRow) => number | boolean;
  /** One number of all rows. */
  readonly measureAll?: (predictions: readonly Prediction[], rows: readonly MeasuredRow[]) => number;
  /**
   * How often rows are drawn with replacement for the standard error of `measureAll` (Efron 1979), which is called as often;
   * 0 for none. 1000 if omitted, and fewer of more than 10,000 rows.
   */
  readonly resamples?: number;
  /** What of the text that was written is measured; `undefined` where there is nothing in it, which becomes `""`. */
  readonly extract?: ExtractAnswer;
  /** What is measured in place of a prediction, after `extract`. */
  readonly map?: (prediction: Prediction, row: MeasuredRow) => Prediction;
  /** Whether less of it is better, for {@linkcode best} and reports; `false` if omitted. */
  readonly lowerIsBetter?: boolean;
  /** What it is counted in, which results and reports show. */
  readonly unit?: string;
  /**
   * What the evaluation makes of the rows first: `answers`, which take a decoding or a head, and are what is meant if
   * omitted; or `scores`, where the prediction is the sum of the completion's negative log-likelihoods in nats.
   */
  readonly reads?: "answers" | "scores";
}

/**
 * A metric of one's own. A prediction is the text that was written or chosen, the name of a class, or a number. The row has
 * the `prompt`, the `completion`, all `fields` of the data and, of choices, their `scores`. Metrics are computed of stored
 * predictions at every run, so that one that changes generates nothing anew.
 *
 * @param name What results call it: one word that is no other metric's.
 * @param options The function and what it is given.
 * @throws {RequestError} If it has not one of `measure` and `measureAll`. In a run, if a function fails or gives what is no
 * finite number, with the row's place.
 *
 * @example The mean of a number a row, and one number of all rows
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
      }; give it measure, a row's number, or measureAll, one of all rows`,
    );
  }
  return located({ ...options, name, lowerIsBetter, reads, kind: "metric" });
}
