/** What two lists of words have in common. @module */

/** How often each item is in a list. */
export function countsOf(items: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...Map.groupBy(items, (item) => item)].map(([item, equal]) => [item, equal.length]));
}

/** The runs of so many words, each as one text. */
export function runsOf(words: readonly string[], length: number): string[] {
  return Array.from({ length: Math.max(0, words.length - length + 1) }, (_, at) => {
    return JSON.stringify(words.slice(at, at + length));
  });
}

/** How many items two lists share, each as often as in both. */
export function sharedCount(one: readonly string[], other: readonly string[]): number {
  const counts = countsOf(other);
  return [...countsOf(one)].reduce((sum, [item, count]) => sum + Math.min(count, counts.get(item) ?? 0), 0);
}

/** The harmonic mean of shares of what is there; 0 if nothing is shared. */
export function harmonic(shared: number, found: number, expected: number): number {
  if (shared === 0) return 0;
  const precision = shared / found, recall = shared / expected;
  return 2 * precision * recall / (precision + recall);
}
