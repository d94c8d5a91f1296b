/** Win rates as in AlpacaEval 0.6.6 (Li et al. 2023). @module */

/** How a model compares with another one, in percent except for the counts. */
interface WinRate {
  readonly win_rate: number;
  /** The standard error; NaN for a single comparison. */
  readonly standard_error: number;
  readonly n_wins: number;
  readonly n_wins_base: number;
  readonly n_draws: number;
  readonly n_total: number;
  /** The win rate if each comparison is won, drawn or lost. */
  readonly discrete_win_rate: number;
}

/** The preference of a draw. Preferences are from 1, if the other model wins, to 2. */
const draw = 1.5;

/**
 * Win rates of preferences.
 *
 * @param preferences From 1 to 2; 0 is a draw, and NaN, an answer that could not be parsed, is dropped.
 */
export function winRate(preferences: readonly number[]): WinRate {
  const kept = preferences.filter((each) => !Number.isNaN(each)).map((each) => each === 0 ? draw : each);
  const wins = kept.filter((each) => each > draw).length, draws = kept.filter((each) => each === draw).length;
  return {
    win_rate: 100 * meanOf(kept.map((each) => each - 1)),
    standard_error: 100 * standardError(kept),
    n_wins: wins,
    n_wins_base: kept.length - wins - draws,
    n_draws: draws,
    n_total: kept.length,
    discrete_win_rate: 100 * (wins + draws / 2) / kept.length,
  };
}

/** The mean. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The standard deviation with n - 1 in the denominator; NaN for a single value. */
export function deviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1));
}

/** The standard error of the mean. */
export function standardError(values: readonly number[]): number {
  return deviation(values) / Math.sqrt(values.length);
}
