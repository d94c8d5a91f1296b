/** AlpacaEval's leaderboard values of comparisons. @module */
import type { Annotation } from "./judge.ts";
import { lengthControlled } from "./length_controlled.ts";
import { characters } from "./outputs.ts";
import { winRate } from "./win_rate.ts";

/** A comparison, as used for fitting the weight of the length. */
interface Compared {
  /** From 1, if the other model wins, to 2; NaN if the judge named neither. */
  readonly preference: number;
  /** The number of characters of the other model's output. */
  readonly length_1: number;
  readonly length_2: number;
}

/** The minimum number of comparisons for fitting the weight of the length. */
export const fewestControlled = 10;

/** The length-controlled win rate; `undefined` if there are few comparisons, or all differ in length equally. */
export function controlledOf(comparisons: readonly Compared[]): ReturnType<typeof lengthControlled> | undefined {
  const differences = comparisons.map(({ length_1, length_2 }) => length_1 - length_2);
  const read = comparisons.filter(({ preference }) => !Number.isNaN(preference)).length;
  if (read < fewestControlled || differences.every((each) => each === differences[0])) return undefined;
  return lengthControlled(comparisons, { kind: "minimal" });
}

/** One line of a leaderboard. */
export function leaderboardOf(annotations: readonly Annotation[]) {
  const comparisons = annotations.map(({ preference, output_1, output_2 }) => {
    return { preference: preference ?? NaN, length_1: characters(output_1), length_2: characters(output_2) };
  });
  const controlled = controlledOf(comparisons);
  return {
    ...winRate(comparisons.map(({ preference }) => preference)),
    avg_length: comparisons.reduce((sum, { length_2 }) => sum + length_2, 0) / comparisons.length,
    ...controlled && {
      length_controlled_minimal: controlled.length_controlled_winrate,
      lc_standard_error: controlled.lc_standard_error,
    },
  };
}
