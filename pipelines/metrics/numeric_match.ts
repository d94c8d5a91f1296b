/** The share of answers whose last number equals the row's, as in the ReFT paper's arithmetic tasks. @module */
import { amount } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { floatOf, lastNumber } from "../data/python/numbers.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { MeasuredRow } from "./prediction.ts";
import { answerSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

function expectedOf({ completion, place }: MeasuredRow): number {
  const plain = floatOf(completion.replaceAll(",", "")) ?? NaN;
  const expected = Number.isFinite(plain) ? plain : lastNumber(completion);
  if (expected !== undefined) return expected;
  throw new RequestError(
    `the row's completion ${quote(completion)} has no number for numericMatch to compare answers with; give it one`,
    place,
  );
}

/** The share of answers whose last number equals the completion's within a tolerance. */
export const numericMatch: Metric<SpecOf<"numericMatch">> = {
  call: "numericMatch()",
  settings: { ...answerSettings, tolerance: amount },
  lowerIsBetter: false,
  measures: {
    texts: ({ tolerance }) => ({
      reads: "answers",
      statistic: meanOf((row) => {
        const expected = expectedOf(row), found = lastNumber(String(row.prediction ?? "")) ?? Infinity;
        return Number(Math.abs(found - expected) <= tolerance);
      }),
    }),
  },
};
