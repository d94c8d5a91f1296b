/** Metrics of the rewards of two answers, of which the first is preferred. @module */
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { MeasuredRow } from "./prediction.ts";
import { namedSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

const marginOf = ({ chosenReward = NaN, rejectedReward = NaN }: MeasuredRow) => chosenReward - rejectedReward;
const isRight = meanOf((row: MeasuredRow) => Number.isNaN(marginOf(row)) ? NaN : Number(marginOf(row) > 0));
const margin = meanOf(marginOf);

/** The share of rows whose chosen answer has the larger reward. */
export const rewardAccuracy: Metric<SpecOf<"rewardAccuracy">> = {
  call: "rewardAccuracy()",
  settings: namedSettings,
  lowerIsBetter: false,
  measures: { texts: () => ({ reads: "rewards", statistic: isRight }), pairs: () => ({ statistic: isRight }) },
};

/** The mean difference between the chosen and the rejected answers' rewards. */
export const rewardMargin: Metric<SpecOf<"rewardMargin">> = {
  call: "rewardMargin()",
  settings: namedSettings,
  lowerIsBetter: false,
  measures: { texts: () => ({ reads: "rewards", statistic: margin }), pairs: () => ({ statistic: margin }) },
};
