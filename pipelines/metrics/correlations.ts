/** Correlations of numbers, as defined by scipy, but 0 where scipy returns NaN. @module */
import type { RowList } from "../common/row_list.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { HeadPrediction, Labelled } from "./prediction.ts";
import { mappedSettings } from "./settings.ts";
import { wholeOf } from "./statistic.ts";

/** Numbers minus their mean, and the Euclidean norm of these differences. */
interface Centred {
  readonly mean: number;
  readonly norm: number;
  /** The differences divided by their norm. */
  readonly unit: readonly number[];
}

/** Pearson's correlation; 0 if the numbers on a side are all equal. */
function pearsonOf(x: readonly number[], y: readonly number[]): number {
  if (areEqual(x) || areEqual(y)) return 0;
  const [a, b] = [centred(x), centred(y)];
  const product = a.unit.reduce((sum, each, at) => sum + each * b.unit[at]!, 0);
  return x.length === 2 ? Math.sign(product) : Math.max(-1, Math.min(1, product));
}

const areEqual = (x: readonly number[]) => x.every((each) => each === x[0]);

function centred(x: readonly number[]): Centred {
  const mean = pairwiseSum(x) / x.length;
  const differences = x.map((each) => each - mean);
  // Scale first, so that no square overflows.
  const largest = differences.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const norm = Math.sqrt(differences.reduce((sum, each) => sum + (each / largest) ** 2, 0));
  return { mean, norm: largest * norm, unit: differences.map((each) => each / largest / norm) };
}

/**
 * The sum in numpy's order, recursively by halves, with eight partial sums in each: if numbers are nearly equal, the
 * last bits of their mean decide the correlation.
 */
function pairwiseSum(x: readonly number[]): number {
  if (x.length > 128) {
    const half = Math.floor(x.length / 2), middle = half - half % 8;
    return pairwiseSum(x.slice(0, middle)) + pairwiseSum(x.slice(middle));
  }
  const eights = x.length - x.length % 8;
  const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, lane) => {
    let sum = eights === 0 ? 0 : x[lane]!;
    for (let at = lane + 8; at < eights; at += 8) sum += x[at]!;
    return sum;
  }) as [number, number, number, number, number, number, number, number];
  return x.slice(eights).reduce((sum, each) => sum + each, ((a + b) + (c + d)) + ((e + f) + (g + h)));
}

/** Each number's rank, from 1; equal numbers share the mean of their ranks. */
function ranks(x: readonly number[]): readonly number[] {
  const order = [...x.keys()].sort((a, b) => x[a]! - x[b]!), found = new Array<number>(x.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && x[order[end]!] === x[order[start]!]) end++;
    for (let at = start; at < end; at++) found[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}

/** Numbers whose spread is below this share of their mean are nearly constant to scipy. */
const leastSpread = Number.EPSILON ** 0.75;

/** The warning that scipy would give, if any. */
function cautionOf(x: readonly number[], whose: string): string | undefined {
  if (areEqual(x)) return `all ${whose} are equal, so the correlation is undefined; it is reported as 0`;
  const { mean, norm } = centred(x);
  return norm < leastSpread * Math.abs(mean)
    ? `the ${whose} are nearly constant, so that the correlation may be inaccurate`
    : undefined;
}

const expectedOf = (rows: RowList<Labelled>) => rows.map(({ expected }) => expected);
const predictedOf = (rows: RowList<Labelled>) => rows.map(({ predicted }) => predicted);

function correlation(call: string, onRanks: boolean): Metric<SpecOf<"pearson" | "spearman">> {
  const read = onRanks ? ranks : (x: readonly number[]) => x;
  const statistic = wholeOf(
    ({ expected, predicted }: HeadPrediction): Labelled => ({ expected, predicted }),
    (rows) => {
      return pearsonOf(read(expectedOf(rows)), read(predictedOf(rows)));
    },
  );
  return {
    call,
    settings: mappedSettings,
    lowerIsBetter: false,
    measures: {
      numbers: () => ({
        takesEqualNumbers: false,
        statistic,
        caution: (rows) =>
          cautionOf(read(predictedOf(rows)), "predictions") ?? cautionOf(read(expectedOf(rows)), "rows' numbers"),
      }),
    },
  };
}

/** Pearson's correlation. */
export const pearson = correlation("pearson()", false);

/** Spearman's correlation: Pearson's correlation of the ranks. */
export const spearman = correlation("spearman()", true);
