/** The probability that at least one of k programs passes (Chen et al. 2021). @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { count, text, timeLimit } from "../common/checks.ts";
import { passAtK as estimateOf } from "../tasks/scoring/pass_at_k.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { MeasuredRow } from "./prediction.ts";
import { namedSettings } from "./settings.ts";

/** The mean over problems of the unbiased estimate. */
export const passAtK: Metric<SpecOf<"passAtK">> = {
  call: 'passAtK("humaneval")',
  settings: { ...namedSettings, task: text, problem: text, k: count, seconds: timeLimit },
  lowerIsBetter: false,
  usualName: ({ k }) => `pass@${k}`,
  measures: {
    texts: ({ k, problem }) => ({
      reads: "programs",
      statistic: {
        form: "groups",
        by: ({ fields }: MeasuredRow) => ownValue(fields, problem),
        of: (rows) => estimateOf(rows.length, rows.filter(({ verdict }) => verdict === "passed").length, k),
      },
    }),
  },
};
