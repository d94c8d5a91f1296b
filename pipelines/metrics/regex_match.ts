/** The share of answers in which a pattern's match equals the completion. @module */
import { isText, leaf, oneOf } from "../common/checks.ts";
import type { SpecOf, TakenMatch } from "./declared.ts";
import { isRight } from "./exact_match.ts";
import type { Metric } from "./metric.ts";
import { answerSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

const takenAt: { readonly [K in TakenMatch]: number } = { first: 0, last: -1 };

/** The share of answers whose match, or first group if the pattern has one, equals the completion. */
export const regexMatch: Metric<SpecOf<"regexMatch">> = {
  call: "regexMatch(/…/)",
  settings: {
    ...answerSettings,
    pattern: leaf("a regular expression, as in regexMatch(/A|B|C/)", isText),
    flags: leaf("a regular expression's flags", isText),
    take: oneOf(Object.keys(takenAt)),
  },
  lowerIsBetter: false,
  measures: {
    texts({ pattern, flags, take }) {
      const everywhere = new RegExp(pattern, `${flags.replace(/[gy]/g, "")}g`);
      return {
        reads: "answers",
        statistic: meanOf((row) => {
          const match = [...String(row.prediction ?? "").matchAll(everywhere)].at(takenAt[take]);
          const found = match?.[1] ?? match?.[0];
          return Number(found !== undefined && isRight(found, row));
        }),
      };
    },
  },
};
