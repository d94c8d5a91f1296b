/** Correlations of numbers, as scipy defines them, but 0 where it has no value. @module */
import type { HeadPrediction, Metric } from "./metric.ts";

/** Pearson's correlation; 0 if the numbers on a side are all equal. */
function pearsonOf(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [centred(x), centred(y)];
  if (a === undefined || b === undefined) return 0;
  const product = a.reduce((sum, each, at) => sum + each * b[at]!, 0);
  return Math.max(-1, Math.min(1, product));
}

/** The differences from the mean, over their Euclidean norm; `undefined` if there are none. */
function centred(x: readonly number[]): readonly number[] | undefined {
  if (x.every((each) => each === x[0])) return undefined;
  const mean = x.reduce((sum, each) => sum + each, 0) / x.length;
  const differences = x.map((each) => each - mean);
  // Scaled first, so that no square overflows.
  const largest = differences.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const norm = Math.sqrt(differences.reduce((sum, each) => sum + (each / largest) ** 2, 0));
  return differences.map((each) => each / largest / norm);
}

/** Each number's rank from 1 on; equal ones have the mean of theirs. */
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

function correlation(call: string, of: (x: readonly number[], y: readonly number[]) => number): Metric {
  const ofRows = (rows: readonly HeadPrediction[]) => {
    return of(rows.map(({ expected }) => expected), rows.map(({ predicted }) => predicted));
  };
  return { call, lowerIsBetter: false, measures: { numbers: { takesEqualNumbers: false, of: ofRows } } };
}

/** Pearson's correlation. */
export const pearson: Metric = correlation("pearson()", pearsonOf);

/** Spearman's correlation: Pearson's of the ranks. */
export const spearman: Metric = correlation("spearman()", (x, y) => pearsonOf(ranks(x), ranks(y)));
