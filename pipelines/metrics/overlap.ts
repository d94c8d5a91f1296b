/** The overlap of two lists of words. @module */

/** How often each item occurs in a list. */
export function countsOf(items: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...Map.groupBy(items, (item) => item)].map(([item, equal]) => [item, equal.length]));
}

/** The n-grams of `length` words, each as one text. */
export function runsOf(words: readonly string[], length: number): string[] {
  return Array.from({ length: Math.max(0, words.length - length + 1) }, (_, at) => {
    return JSON.stringify(words.slice(at, at + length));
  });
}

/** How many items two lists share; repeated items count as often as they occur in both. */
export function sharedCount(one: readonly string[], other: readonly string[]): number {
  const counts = countsOf(other);
  return [...countsOf(one)].reduce((sum, [item, count]) => sum + Math.min(count, counts.get(item) ?? 0), 0);
}

/** The harmonic mean of precision and recall, from the numbers shared, found and expected; 0 if nothing is shared. */
export function harmonic(shared: number, found: number, expected: number): number {
  if (shared === 0) return 0;
  const precision = shared / found, recall = shared / expected;
  return 2 * precision * recall / (precision + recall);
}
