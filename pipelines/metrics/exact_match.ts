/** Metrics that count the predictions equal to what a row has. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { isText, leaf, oneOf, optional } from "../common/checks.ts";
import { choiceScores, chosenAt, chosenBy } from "./choice_scores.ts";
import type { AnswerSettings, SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, MeasuredRow, Prediction } from "./prediction.ts";
import { answerSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** Whether an answer is the row's completion, or what its tokens say, spaces around both aside. */
export function isRight(answer: string, { completion, taught }: Pick<Prediction, "completion" | "taught">): boolean {
  return [completion, taught].some((expected) => expected?.trim() === answer.trim());
}

const isEqual = (row: MeasuredRow) => Number(row.prediction !== undefined && isRight(String(row.prediction), row));

/** Whether answers are compared as they are. */
const isAsItIs = ({ extract, map }: AnswerSettings) => extract === undefined && map === undefined;

/** The share of answers equal to the row's completion, spaces around both aside. */
export const exactMatch: Metric<SpecOf<"exactMatch">> = {
  call: "exactMatch()",
  settings: answerSettings,
  lowerIsBetter: false,
  measures: { texts: (spec) => ({ reads: "answers", statistic: meanOf(isEqual), needsEqual: isAsItIs(spec) }) },
};

/** The share of rows whose answer or class is the row's. */
export const accuracy: Metric<SpecOf<"accuracy">> = {
  call: "accuracy()",
  settings: {
    ...answerSettings,
    by: optional(oneOf(Object.keys(choiceScores))),
    gold: optional(leaf("a field's name", isText)),
  },
  lowerIsBetter: false,
  usualName: ({ by }) => by === undefined ? "accuracy" : choiceScores[by].accuracy,
  measures: {
    texts({ by, gold, ...spec }) {
      if (gold !== undefined) {
        const statistic = meanOf((row: MeasuredRow) =>
          Number(chosenAt(by ?? "sum", row) === ownValue(row.fields, gold))
        );
        return { reads: "choices", statistic };
      }
      if (by === undefined) return { reads: "answers", statistic: meanOf(isEqual), needsEqual: isAsItIs(spec) };
      const statistic = meanOf((row: MeasuredRow) => Number(isRight(chosenBy(by, row), row)));
      return { reads: "choices", statistic, needsEqual: true };
    },
    classes: () => ({
      statistic: meanOf(({ expected, predicted }: HeadPrediction) => Number(expected === predicted)),
    }),
  },
};
