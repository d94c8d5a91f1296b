/** What AlpacaEval's leaderboard says of comparisons. @module */
import { RequestError } from "../../common/errors.ts";
import type { GamedBaselines } from "./gamed.ts";
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

/**
 * The length-controlled win rate; `undefined` of few comparisons, or where all differ in length alike.
 *
 * @param gamed What the fit has beside the comparisons, which are of the first instructions, in their order; without it
 * AlpacaEval's `length_controlled_minimal` is fitted.
 * @throws {RequestError} If an instruction has no difficulty there.
 */
export function controlledOf(
  comparisons: readonly Compared[],
  gamed?: GamedBaselines,
): ReturnType<typeof lengthControlled> | undefined {
  const differences = comparisons.map(({ length_1, length_2 }) => length_1 - length_2);
  const read = comparisons.filter(({ preference }) => !Number.isNaN(preference)).length;
  if (read < fewestControlled || differences.every((each) => each === differences[0])) return undefined;
  if (gamed === undefined) return lengthControlled(comparisons, { kind: "minimal" });
  const { comparisons: baselines, difficulties } = gamed;
  const placed = comparisons.map((compared, at) => {
    const difficulty = difficulties[at];
    if (difficulty !== undefined) return { ...compared, difficulty };
    throw new RequestError(
      `the gamed baselines have no difficulty of instruction ${at}, and ${comparisons.length} are compared; compare ` +
        "those of AlpacaEval, in its order",
    );
  });
  return lengthControlled(placed, { kind: "v1", gamed: baselines });
}

/** The line of a leaderboard. */
export function leaderboardOf(
  annotations: readonly Pick<Annotation, "preference" | "output_1" | "output_2">[],
  gamed?: GamedBaselines,
) {
  const comparisons = annotations.map(({ preference, output_1, output_2 }) => {
    return { preference: preference ?? NaN, length_1: characters(output_1), length_2: characters(output_2) };
  });
  const minimal = controlledOf(comparisons);
  const controlled = gamed === undefined ? undefined : controlledOf(comparisons, gamed);
  return {
    ...winRate(comparisons.map(({ preference }) => preference)),
    avg_length: comparisons.reduce((sum, { length_2 }) => sum + length_2, 0) / comparisons.length,
    ...controlled && { length_controlled_winrate: controlled.length_controlled_winrate },
    ...minimal && { length_controlled_minimal: minimal.length_controlled_winrate },
    ...minimal && { lc_standard_error: (controlled ?? minimal).lc_standard_error },
  };
}
