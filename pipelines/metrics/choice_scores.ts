/** The ways to compare the answers that a model chooses from. @module */
import type { Prediction } from "./prediction.ts";

/** A row's choices with their scores. */
export type ScoredChoices = Pick<Prediction, "choices" | "scores" | "choiceTokens" | "unconditionalScores">;

type Scored = Required<ScoredChoices>;

/** One way to compare choices. */
interface ChoiceScore {
  /** Whether it needs the choices' log-likelihoods after the unconditional prompt. */
  readonly needsUnconditional: boolean;
  /** The name of an accuracy by it in results. */
  readonly accuracy: string;
  /** A choice's score; the choice with the largest score is taken, the first on a tie. */
  readonly of: (row: Scored, at: number) => number;
}

/** A way to compare choices. */
export type ScoredBy = "sum" | "character" | "byte" | "token" | "mutualInformation";

/** Code points, as Python counts a text's characters, and the bytes of UTF-8. */
const characters = (text: string) => [...text].length, bytes = (text: string) => new TextEncoder().encode(text).length;

/**
 * Every way to compare choices. In lm-evaluation-harness the corresponding accuracies are `acc`, `acc_norm`,
 * `acc_bytes` and `acc_mutual_info`; it has none by tokens.
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

/** The best of a row's choices, the first on a tie. */
export function chosenBy(by: ScoredBy, row: ScoredChoices): string {
  return row.choices![chosenAt(by, row)]!;
}

/** The index of the best choice, which distinguishes choices with the same text. */
export function chosenAt(by: ScoredBy, row: ScoredChoices): number {
  const { choices = [], scores = [], choiceTokens = [], unconditionalScores = [] } = row;
  const { of } = choiceScores[by];
  const found = choices.map((_, at) => of({ choices, scores, choiceTokens, unconditionalScores }, at));
  return found.indexOf(Math.max(...found));
}
