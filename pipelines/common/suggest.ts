/** Suggestions for misspelt names. @module */

/** What to write instead of an unknown name: "did you mean …" for a near miss, then the existing names. */
export function suggest(wanted: string, names: readonly string[]): string {
  if (names.length === 0) return "it has none";
  const shown = names.slice(0, 12).map(quote).join(", ") + (names.length > 12 ? ", …" : "");
  const near = nearest(wanted, names);
  return near === undefined ? `use one of those it has: ${shown}` : `did you mean ${quote(near)} (it has ${shown})`;
}

/** The name that is closest to the unknown one, if any is close. */
export function nearest(wanted: string, names: readonly string[]): string | undefined {
  const close = Math.max(1, Math.floor(wanted.length / 3));
  // The difference in length is a lower bound of the distance, which takes long to compute for long names.
  const distances = names.map((name) => {
    const [from, to] = [wanted.toLowerCase(), name.toLowerCase()] as const;
    return Math.abs(from.length - to.length) > close ? Infinity : editDistance(from, to);
  });
  const least = Math.min(...distances);
  return least < Math.max(1, wanted.length) && least <= close ? names[distances.indexOf(least)] : undefined;
}

/**
 * The fewest insertions, deletions, replacements and transpositions of neighbours that turn one word into the other:
 * optimal string alignment, i.e. Levenshtein distance with transpositions.
 */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column), before = previous;
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isExchange = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const exchanged = isExchange ? (before[column - 2] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(replaced, exchanged, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    [before, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}

/** A text in quotes, shortened if it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
