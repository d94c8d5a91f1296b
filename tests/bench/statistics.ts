/** Summaries of measured numbers. @module */

/** The middle number, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? NaN)) / 2;
}

/** The largest |found − expected| / |expected|; infinite if the lists differ in length or a number is not one. */
export function largestDifference(found: readonly number[], expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  const differences = expected.map((number, index) => Math.abs((found[index] as number) - number) / Math.abs(number));
  const largest = Math.max(0, ...differences);
  return Number.isNaN(largest) ? Infinity : largest;
}

/** The sum. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
