/** Signed distances between tokens as rows of a table, near ones exactly and far ones by their logarithm. @module */

/** A table of distances. */
export interface DistanceTable {
  /** Half of the table's rows: row `span` stands for the token itself, those behind it for tokens before. */
  readonly span: number;
  /**
   * Where given, distances from `span/2` on share rows by their logarithm, and the outermost rows stand for this one; else
   * each distance has a row of its own. What is farther has the outermost.
   */
  readonly farthest?: number;
}

/** The row of a distance `query − key` (He et al. 2021, with the logarithms of DeBERTa's second version). */
export function distanceRow({ span, farthest }: DistanceTable, distance: number): number {
  const row = span + (farthest === undefined ? distance : signedBucket(distance, Math.floor(span / 2), farthest));
  return Math.min(Math.max(row, 0), 2 * span - 1);
}

/** In steps of float32, since a quotient may lie on the edge of two buckets. */
function signedBucket(distance: number, exact: number, farthest: number): number {
  const size = Math.abs(distance), { fround, log, ceil } = Math;
  if (size <= exact) return distance;
  const logarithm = fround(log(fround(size / exact))), whole = fround(log(fround((farthest - 1) / exact)));
  return Math.sign(distance) * (ceil(fround(fround(logarithm / whole) * (exact - 1))) + exact);
}
