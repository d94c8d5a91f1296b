/** Metrics that count the predictions equal to a row's completion or label. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { isText, leaf, oneOf, optional } from "../common/checks.ts";
import { choiceScores, chosenAt, chosenBy } from "./choice_scores.ts";
import type { AnswerSettings, SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, MeasuredRow, Prediction } from "./prediction.ts";
import { answerSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** Whether an answer equals the row's completion, or the text its tokens decode to, ignoring surrounding spaces. */
export function isRight(answer: string, { completion, taught }: Pick<Prediction, "completion" | "taught">): boolean {
  return [completion, taught].some((expected) => expected?.trim() === answer.trim());
}

const isEqual = (row: MeasuredRow) => Number(row.prediction !== undefined && isRight(String(row.prediction), row));

/** Whether answers are compared unchanged. */
const isAsItIs = ({ extract, map }: AnswerSettings) => extract === undefined && map === undefined;

/** The share of answers equal to the row's completion, ignoring surrounding spaces. */
export const exactMatch: Metric<SpecOf<"exactMatch">> = {
  call: "exactMatch()",
  settings: answerSettings,
  lowerIsBetter: false,
  measures: { texts: (spec) => ({ reads: "answers", statistic: meanOf(isEqual), needsEqual: isAsItIs(spec) }) },
};

/** The share of rows whose answer equals the completion, or whose predicted class equals the label. */
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
