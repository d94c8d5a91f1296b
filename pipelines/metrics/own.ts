/** Custom metrics. @module */
import { flag, index, isText, leaf, oneOf, optional } from "../common/checks.ts";
import { formatLocation, RequestError } from "../common/errors.ts";
import { readOnlyCopy } from "../common/plain_copy.ts";
import { called, calledFor, shownValue } from "./called.ts";
import type { OwnSettings, SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";
import { answerSettings, metricName, optionalFunction } from "./settings.ts";
import { meanOf, type Statistic } from "./statistic.ts";

/** The value of a row that is passed to a metric: its prediction, or the loss if the metric reads scores. */
function predictionOf({ prediction, loss }: MeasuredRow, reads: OwnSettings["reads"]): string | number {
  return reads === "scores" ? loss ?? NaN : prediction ?? "";
}

/** The metric as a statistic of rows; `rowOf` returns the row that its functions are passed. */
function statisticOf<Row>(spec: SpecOf<"metric">, rowOf: (row: Row) => MeasuredRow): Statistic<Row> {
  const { name, reads, measureAll, resamples } = spec;
  if (measureAll === undefined) return meanOf((row) => measured(spec, rowOf(row)));
  return {
    form: "whole",
    of(all) {
      // Copies, because other metrics read the same rows.
      const rows = all.map((row) => readOnlyCopy(rowOf(row))),
        predictions = rows.map((row) => predictionOf(row, reads));
      return (sample) => {
        const isDrawn = sample.some((row, at) => row !== at);
        const what = `measureAll of the metric ${name}`, on = isDrawn ? " on rows drawn for its standard error" : "";
        const found: unknown = called(`${what} failed${on}`, () => {
          return measureAll(sample.map((row) => predictions[row]!), sample.map((row) => rows[row]!));
        });
        // The metric may be undefined for a sample; it then has no standard error.
        if (typeof found === "number" && (isDrawn || Number.isFinite(found))) return found;
        throw new RequestError(`${what} returned ${shownValue(found)}${on}; return a finite number`);
      };
    },
    ...resamples === undefined ? {} : { resamples },
  };
}

function measured({ name, reads, measure }: SpecOf<"metric">, row: MeasuredRow): number {
  if (measure === undefined) throw new TypeError("A metric has one of its two functions");
  const what = `measure of the metric ${name}`;
  const found: unknown = calledFor(what, row, (copy) => measure(predictionOf(copy, reads), copy));
  if (typeof found === "boolean") return Number(found);
  if (typeof found === "number" && Number.isFinite(found)) return found;
  throw new RequestError(
    `${what} returned ${shownValue(found)} at ${formatLocation(row.place)}; return a finite number`,
  );
}

/** A metric that a pipeline's function computes. */
export const own: Metric<SpecOf<"metric">> = {
  call: "metric(…)",
  settings: {
    ...answerSettings,
    name: metricName,
    measure: optionalFunction,
    measureAll: optionalFunction,
    resamples: optional(index),
    lowerIsBetter: flag,
    unit: optional(leaf("a text", isText)),
    reads: oneOf(["answers", "scores"]),
  },
  lowerIsBetter: false,
  declaredLower: ({ lowerIsBetter }) => lowerIsBetter,
  unit: ({ unit }) => unit,
  measures: {
    texts: (spec) => ({ reads: spec.reads, statistic: statisticOf(spec, (row: MeasuredRow) => row) }),
    classes: (spec) => ({ statistic: statisticOf(spec, ({ row }: HeadPrediction) => row) }),
    numbers: (spec) => ({
      takesEqualNumbers: true,
      statistic: statisticOf(spec, ({ row }: HeadPrediction) => row),
    }),
  },
};
