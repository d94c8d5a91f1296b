/**
 * Tests whether two models that were measured on the same rows differ by more than chance. The page and the command
 * line share it, so nothing is imported here.
 *
 * @module
 */

/** A metric's value for each row, one list for each repetition of an experiment. */
type RowValues = readonly (readonly number[])[];

/** How much better or worse one experiment is than another. */
export interface Comparison {
  /** The mean of the first minus that of the second. */
  readonly difference: number;
  /** The standard error of the difference, over rows and seeds. */
  readonly standardError: number;
  /** Two-sided, from a sign-flip test over the rows. */
  readonly p: number;
  /** How many rows differ. */
  readonly differing: number;
  /** Whether chance is an unlikely explanation. */
  readonly isDistinguishable: boolean;
}

/** Below this probability, chance is ruled out as an explanation. */
const level = 0.05;

/**
 * Compares two experiments on the same rows, with each row's value averaged over the repetitions.
 *
 * @param tests How many comparisons the first was selected from (Bonferroni correction).
 */
export function compare(first: RowValues, second: RowValues, tests = 1): Comparison {
  const [a, b] = [first, second].map(rowMeans) as [number[], number[]];
  const differences = a.map((value, row) => value - b[row]!);
  const variance = varianceOfMean(differences) + seedVariance(first) + seedVariance(second);
  const difference = mean(differences), standardError = Math.sqrt(variance);
  const p = Math.min(1, tests * signFlipTest(differences));
  const areRepeated = first.length > 1 || second.length > 1;
  return {
    difference,
    standardError,
    p,
    differing: differences.filter((each) => !isZero(each)).length,
    // The test is conditional on these seeds; other seeds may give other results.
    isDistinguishable: p < level && (!areRepeated || Math.abs(difference) > 1.96 * standardError),
  };
}

/**
 * The standard error of the mean over rows and repetitions, both of which are samples: the variance of rows' means
 * divided by the number of rows, plus that of repetitions beyond what rows explain (two-way random effects).
 */
export function standardErrorOf(values: RowValues): number {
  return Math.sqrt(varianceOfMean(rowMeans(values)) + seedVariance(values));
}

/** The mean over rows and repetitions. */
export function meanOf(values: RowValues): number {
  return mean(rowMeans(values));
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

function squares(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}

function varianceOfMean(values: readonly number[]): number {
  return values.length < 2 ? 0 : squares(values) / (values.length - 1) / values.length;
}

function rowMeans(values: RowValues): number[] {
  return (values[0] ?? []).map((_, row) => mean(values.map((each) => each[row]!)));
}

/**
 * What repetitions add to the variance of the mean: (their mean square − that of the residuals) / (rows · repetitions).
 */
function seedVariance(values: RowValues): number {
  const repetitions = values.length, rows = values[0]?.length ?? 0;
  if (repetitions < 2 || rows < 2) return 0;
  const ofRows = repetitions * squares(rowMeans(values)), ofSeeds = rows * squares(values.map(mean));
  const residual = squares(values.flat()) - ofRows - ofSeeds;
  const seedSquare = ofSeeds / (repetitions - 1), residualSquare = residual / ((repetitions - 1) * (rows - 1));
  return Math.max(0, seedSquare - residualSquare) / (rows * repetitions);
}

/** Up to rounding. */
const isZero = (value: number) => Math.abs(value) < 1e-12;

/** The maximum number of products summed for an exact probability. */
const mostWork = 5e7;

/** Up to this many differences, all sign changes are tried. */
const fewDifferences = 16;

/** The number of steps to which differences without a common unit are rounded. */
const steps = 256;

/**
 * The two-sided sign-flip test (Fisher's randomization test of paired values): the probability that the sum of the
 * differences is at least as far from 0 if the sign of each is random. For right and wrong answers this is McNemar's
 * exact test. It is exact if the differences are few or multiples of one unit, as rates over up to 60 repetitions are;
 * otherwise they are rounded to 256 steps, and for very many the normal approximation is used.
 */
export function signFlipTest(differences: readonly number[]): number {
  const sizes = differences.filter((each) => !isZero(each)), reached = Math.abs(sum(sizes));
  if (sizes.length === 0) return 1;
  const unit = unitOf(sizes);
  if (unit === undefined && sizes.length <= fewDifferences) return allSigns(sizes, reached);
  const counted = unit ?? Math.max(...sizes.map(Math.abs)) / steps;
  const counts = sizes.map((size) => Math.round(Math.abs(size) / counted)), total = sum(counts);
  if (total * counts.length > mostWork) {
    return complementaryError(reached / Math.sqrt(2 * sum(sizes.map((size) => size ** 2))));
  }
  return bySums(counts, total, reached / counted);
}

const sum = (values: readonly number[]) => values.reduce((all, each) => all + each, 0);

/** The unit of which all values are multiples, if it is one over a small number. */
function unitOf(values: readonly number[]): number | undefined {
  for (let parts = 1; parts <= 60; parts++) {
    const isUnit = (value: number) => Math.abs(value * parts - Math.round(value * parts)) < 1e-6;
    if (values.every(isUnit)) return 1 / parts;
  }
  return undefined;
}

/** Tries every combination of signs; the first stays fixed, because flipping all signs gives the same result. */
function allSigns(sizes: readonly number[], reached: number): number {
  const [first = 0, ...others] = sizes, choices = 2 ** others.length;
  let found = 0;
  for (let choice = 0; choice < choices; choice++) {
    const total = others.reduce((all, size, at) => (choice >> at) & 1 ? all - size : all + size, first);
    if (Math.abs(total) >= reached - 1e-9 * (1 + reached)) found++;
  }
  return found / choices;
}

/** The probability of each sum of the values with positive signs, one value after the other. */
function bySums(counts: readonly number[], total: number, reached: number): number {
  const chance = new Float64Array(total + 1);
  chance[0] = 1;
  let most = 0;
  for (const count of counts) {
    most += count;
    for (let at = most; at >= 0; at--) chance[at] = (chance[at]! + (at >= count ? chance[at - count]! : 0)) / 2;
  }
  const tail = chance.reduce((all, each, positive) => {
    return Math.abs(2 * positive - total) >= reached - 1e-6 * (1 + reached) ? all + each : all;
  }, 0);
  return Math.min(1, tail);
}

/**
 * erfc for x ≥ 0: near 0 by the series of erf (Abramowitz and Stegun 7.1.6), otherwise by its continued fraction
 * (7.1.14).
 */
function complementaryError(x: number): number {
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    let term = x, all = x;
    for (let n = 1; term > 1e-17 * all; n++) all += term *= 2 * x * x / (2 * n + 1);
    return 1 - 2 * scale * all;
  }
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return scale / fraction;
}
