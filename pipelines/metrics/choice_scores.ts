/** What the answers among which a model chooses are compared by. @module */
import type { Prediction } from "./prediction.ts";

/** What is known of a row's choices. */
export type ScoredChoices = Pick<Prediction, "choices" | "scores" | "choiceTokens" | "unconditionalScores">;

type Scored = Required<ScoredChoices>;

/** All that is known about one way to compare choices. */
interface ChoiceScore {
  /** Whether it takes the choices' log-likelihoods after the unconditional prompt. */
  readonly needsUnconditional: boolean;
  /** How results call an accuracy by it. */
  readonly accuracy: string;
  /** A choice's score; the first of the largest is chosen. */
  readonly of: (row: Scored, at: number) => number;
}

/** A way to compare choices. */
export type ScoredBy = "sum" | "character" | "byte" | "token" | "mutualInformation";

/** Code points, as Python counts a text's characters, and the bytes of UTF-8. */
const characters = (text: string) => [...text].length, bytes = (text: string) => new TextEncoder().encode(text).length;

/**
 * Every way to compare choices. lm-evaluation-harness calls accuracies by them `acc`, `acc_norm`, `acc_bytes` and
 * `acc_mutual_info`; it has none by tokens.
 */
export const choiceScores: { readonly [K in ScoredBy]: ChoiceScore } = {
  sum: {
    needsUnconditional: false,
    accuracy: "accuracyBySum",
    of: ({ scores }, at) => scores[at]!,
  },
  character: {
    needsUnconditional: false,
    accuracy: "accuracyByCharacter",
    of: ({ scores, choices }, at) => scores[at]! / characters(choices[at]!),
  },
  byte: {
    needsUnconditional: false,
    accuracy: "accuracyByByte",
    of: ({ scores, choices }, at) => scores[at]! / bytes(choices[at]!),
  },
  token: {
    needsUnconditional: false,
    accuracy: "accuracyByToken",
    of: ({ scores, choiceTokens }, at) => scores[at]! / choiceTokens[at]!,
  },
  mutualInformation: {
    needsUnconditional: true,
    accuracy: "accuracyByMutualInformation",
    of: ({ scores, unconditionalScores }, at) => scores[at]! - unconditionalScores[at]!,
  },
};

/** The best of a row's choices, the first of equals. */
export function chosenBy(by: ScoredBy, row: ScoredChoices): string {
  return row.choices![chosenAt(by, row)]!;
}

/** The same by its number, which distinguishes choices of the same text. */
export function chosenAt(by: ScoredBy, row: ScoredChoices): number {
  const { choices = [], scores = [], choiceTokens = [], unconditionalScores = [] } = row;
  const { of } = choiceScores[by];
  const found = choices.map((_, at) => of({ choices, scores, choiceTokens, unconditionalScores }, at));
  return found.indexOf(Math.max(...found));
}
