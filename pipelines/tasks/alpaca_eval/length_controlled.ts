/**
 * Win rates estimated for outputs of equal length (Dubois et al. 2024), fitted as in AlpacaEval 0.6.6:
 * `length_controlled_v1`, and its variants without gamed baselines.
 *
 * @module
 */
import { deviation, meanOf, standardError } from "./win_rate.ts";
import { dot, fitSparse, seedsOf, sigmoid } from "./sparse_logistic.ts";

/** One comparison. Lengths are in characters as counted by Python, that is, code points. */
interface Comparison {
  /** From 1, if the other model wins, to 2; NaN if the judge gave none. */
  readonly preference: number;
  /** The length of the other model's output. */
  readonly length_1: number;
  readonly length_2: number;
  /** The instruction's difficulty, from a fit over many models; only `minimal` does not need it. */
  readonly difficulty?: number;
}

/** A comparison with a baseline that games the judge by its length, of the hub's `df_gamed.csv`. */
export interface Gamed {
  readonly preference: number;
  readonly difficulty: number;
  /** In standard deviations. */
  readonly lengthDifference: number;
}

/** The model that is fitted. */
export type LengthModel =
  /** With difficulties, and gamed baselines that regularize the weight of the length. */
  | { readonly kind: "v1"; readonly gamed: readonly Gamed[] }
  /** With difficulties. */
  | { readonly kind: "noreg" }
  /** Only the length and the model. */
  | { readonly kind: "minimal" };

/** The result of a fit. */
interface LengthControlled {
  readonly length_controlled_winrate: number;
  readonly lc_standard_error: number;
  /** The weights of the length, the difficulty, if fitted, and the model. */
  readonly weights: readonly number[];
  readonly C: number;
}

/** The weight of each row of a gamed baseline: 0.2 divided by the number of baselines, two. */
const gamedWeight = 0.2 / 2;
const folds = 5;
/** The candidates for the inverse of the penalty: ten values from 1e-4 to 1e4, evenly spaced on a logarithmic scale. */
const candidates = Array.from({ length: 10 }, (_, at) => 10 ** (-4 + at * 8 / 9));

/** Of each fold's candidates, and of the last fit the first. */
const seeds = seedsOf(123, candidates.length);

/** A row of the fit, whose label is a probability. */
interface Row {
  readonly features: readonly number[];
  readonly probability: number;
  readonly weight: number;
}

/** The length-controlled win rate, in percent. */
export function lengthControlled(comparisons: readonly Comparison[], model: LengthModel): LengthControlled {
  const differences = comparisons.map(({ length_1, length_2 }) => length_1 - length_2), scale = deviation(differences);
  const featuresOf = (length: number, difficulty = 0, isModel = 1) =>
    model.kind === "minimal" ? [Math.tanh(length), isModel] : [Math.tanh(length), difficulty, isModel];
  const rows: Row[] = [
    ...model.kind === "v1"
      ? model.gamed.map(({ preference, difficulty, lengthDifference }) => ({
        features: featuresOf(lengthDifference, difficulty, 0),
        probability: preference,
        weight: gamedWeight,
      }))
      : [],
    ...comparisons.map(({ preference, difficulty }, at) => ({
      features: featuresOf(differences[at]! / scale, difficulty),
      probability: (preference === 0 ? 1.5 : preference) - 1,
      weight: 1,
    })),
  ].filter(({ probability }) => !Number.isNaN(probability));
  const C = bestPenalty(rows), weights = fit(rows, C, seeds[0]!);
  const predicted = comparisons.map(({ difficulty }) => 100 * sigmoid(dot(weights, featuresOf(0, difficulty))));
  return {
    length_controlled_winrate: meanOf(predicted),
    lc_standard_error: standardError(predicted),
    weights,
    C,
  };
}

/** Each row is there twice: as a 1 with its probability for a weight, and as a 0 with the rest. */
function fit(rows: readonly Row[], C: number, seed: number): number[] {
  return fitSparse(
    {
      features: [...rows, ...rows].map(({ features }) => features),
      labels: [...rows.map(() => 1), ...rows.map(() => 0)],
      weights: [
        ...rows.map(({ weight, probability }) => weight * probability),
        ...rows.map(({ weight, probability }) => weight * (1 - probability)),
      ],
    },
    C,
    seed,
  );
}

/** The penalty that predicts held-back rows best, the first on a tie. */
function bestPenalty(rows: readonly Row[]): number {
  // scikit-learn assigns groups to folds from the last to the first.
  const foldOf = (at: number) => (rows.length - 1 - at) % folds;
  const losses = candidates.map((C, candidate) =>
    meanOf(Array.from({ length: folds }, (_, fold) => {
      const weights = fit(rows.filter((_, at) => foldOf(at) !== fold), C, seeds[candidate]!);
      return meanOf(rows.filter((_, at) => foldOf(at) === fold).map((row) => lossOf(row, weights)));
    }))
  );
  return candidates[losses.indexOf(Math.min(...losses))]!;
}

function lossOf({ features, probability, weight }: Row, weights: readonly number[]): number {
  const predicted = Math.min(Math.max(sigmoid(dot(weights, features)), 1e-15), 1 - 1e-15);
  return -weight * (probability * Math.log(predicted) + (1 - probability) * Math.log(1 - predicted));
}
