/** Metrics of the likelihood of completions or labels under a model. @module */
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";
import { namedSettings } from "./settings.ts";
import { meanOf, type Statistic, wholeOf } from "./statistic.ts";

/** The sum of the rows' losses divided by the sum of a count, such as tokens or bytes. */
function lossPer(count: (row: MeasuredRow) => number, of: (mean: number) => number): Statistic<MeasuredRow> {
  return wholeOf((row) => ({ loss: row.loss ?? NaN, count: count(row) }), (rows) => {
    const total = rows.reduce((sum, { loss }) => sum + loss, 0);
    return of(total / rows.reduce((sum, { count }) => sum + count, 0));
  });
}

const tokensOf = ({ tokens = NaN }: MeasuredRow) => tokens;
const bytesOf = ({ completion }: MeasuredRow) => new TextEncoder().encode(completion).length;
const ofRows = meanOf(({ loss }: HeadPrediction) => loss);

/** The mean negative log-likelihood of tokens or classes, in nats; for numbers, the mean squared error. */
export const loss: Metric<SpecOf<"loss">> = {
  call: "loss()",
  settings: namedSettings,
  lowerIsBetter: true,
  measures: {
    texts: () => ({ reads: "scores", statistic: lossPer(tokensOf, (mean) => mean) }),
    classes: () => ({ statistic: ofRows }),
    numbers: () => ({ takesEqualNumbers: true, statistic: ofRows }),
  },
};

/** The exponential of the mean negative log-likelihood of tokens. */
export const perplexity: Metric<SpecOf<"perplexity">> = {
  call: "perplexity()",
  settings: namedSettings,
  lowerIsBetter: true,
  measures: { texts: () => ({ reads: "scores", statistic: lossPer(tokensOf, Math.exp) }) },
};

/** The negative log-likelihood of completions in bits, divided by the number of bytes of their texts. */
export const bitsPerByte: Metric<SpecOf<"bitsPerByte">> = {
  call: "bitsPerByte()",
  settings: namedSettings,
  lowerIsBetter: true,
  unit: () => "bits",
  measures: { texts: () => ({ reads: "scores", statistic: lossPer(bytesOf, (mean) => mean / Math.LN2) }) },
};
