/**
 * GLUE's combined score: the mean of a task's metrics, as in `evaluate`'s `glue.py` and pyreft, which adds it.
 *
 * @module
 */
import { isList, isText, leaf } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { pearson, spearman } from "./correlations.ts";
import type { CombinedName, SpecOf } from "./declared.ts";
import { accuracy } from "./exact_match.ts";
import { f1 } from "./f1.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction } from "./prediction.ts";
import { namedSettings } from "./settings.ts";
import { ofSamples, type Statistic } from "./statistic.ts";

/** What a head may predict. */
type Predicted = "classes" | "numbers";

/** What each part measures, and how it is computed. */
const parts: {
  readonly [K in CombinedName]: { readonly of: Predicted; readonly statistic: Statistic<HeadPrediction> };
} = {
  accuracy: { of: "classes", statistic: accuracy.measures.classes!({ kind: "accuracy" }).statistic },
  f1: { of: "classes", statistic: f1.measures.classes!({ kind: "f1" }).statistic },
  pearson: { of: "numbers", statistic: pearson.measures.numbers!({ kind: "pearson" }).statistic },
  spearman: { of: "numbers", statistic: spearman.measures.numbers!({ kind: "spearman" }).statistic },
};

function meanOfParts({ parts: names }: SpecOf<"combined">, predicted: Predicted): Statistic<HeadPrediction> {
  const odd = names.find((name) => parts[name].of !== predicted);
  if (odd !== undefined) {
    throw new RequestError(
      `combined has ${odd}, which measures ${parts[odd].of}, but the head predicts ${predicted}; omit it`,
    );
  }
  return {
    form: "whole",
    of(rows) {
      const each = names.map((name) => ofSamples(parts[name].statistic, rows));
      return (sample) => each.reduce((sum, of) => sum + of(sample), 0) / each.length;
    },
  };
}

/** The mean of several metrics. */
export const combined: Metric<SpecOf<"combined">> = {
  call: 'combined(["accuracy", "f1"])',
  settings: {
    ...namedSettings,
    parts: leaf(`a list of ${Object.keys(parts).join(", ")}`, (value) => {
      return isList(value) && value.length > 0 &&
        value.every((name) => isText(name) && Object.hasOwn(parts, String(name)));
    }),
  },
  lowerIsBetter: false,
  measures: {
    classes: (spec) => ({
      ...spec.parts.includes("f1") && { insteadOfBinary: "accuracy()" },
      statistic: meanOfParts(spec, "classes"),
    }),
    numbers: (spec) => ({ takesEqualNumbers: false, statistic: meanOfParts(spec, "numbers") }),
  },
};
