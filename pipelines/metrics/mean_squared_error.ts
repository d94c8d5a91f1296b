/** The mean squared error of numbers. @module */
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction } from "./prediction.ts";
import { mappedSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** The mean of the squared differences between a head's numbers and the labels. */
export const mse: Metric<SpecOf<"mse">> = {
  call: "mse()",
  settings: mappedSettings,
  lowerIsBetter: true,
  measures: {
    numbers: () => ({
      takesEqualNumbers: true,
      statistic: meanOf(({ expected, predicted }: HeadPrediction) => (predicted - expected) ** 2),
    }),
  },
};
