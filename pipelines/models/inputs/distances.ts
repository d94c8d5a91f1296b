/**
 * Signed distances between tokens as rows of a learned table: exact for near tokens, logarithmic for far ones.
 *
 * @module
 */
import { distanceCount } from "../../../ops/nn/distance.ts";
import type { InputKind, Tensor } from "./input_kind.ts";

/** A table of distances. */
export interface DistanceTable {
  /** Half of the table's rows: row `span` is for the token itself, those after it for tokens before. */
  readonly span: number;
  /**
   * If set, distances from `span/2` on share rows by their logarithm, and the outermost rows are for this distance;
   * otherwise each distance has its own row. Farther distances use the outermost row.
   */
  readonly farthest?: number;
}

/**
 * The rows of the table for each distance between two tokens of a run, int64 [2 · length + 1]: from `length` tokens
 * back to as many ahead, and in the opposite order.
 */
export const distances: InputKind<DistanceTable, { readonly back: Tensor; readonly ahead: Tensor }> = {
  declare(_, { length }) {
    const rows = { shape: [distanceCount(length)], dtype: "int64" } as const;
    return { back: rows, ahead: rows };
  },
  fill(table, { length }) {
    const back = Array.from({ length: 2 * length + 1 }, (_, at) => BigInt(distanceRow(table, length - at)));
    const fed = (rows: readonly bigint[]) => ({ data: BigInt64Array.from(rows), shape: [rows.length] });
    return { back: fed(back), ahead: fed(back.toReversed()) };
  },
  exported: { notExportable: "scores learned distances between tokens" },
};

/** The row of a distance `query − key` (He et al. 2021, with the logarithms of DeBERTa's second version). */
export function distanceRow({ span, farthest }: DistanceTable, distance: number): number {
  const row = span + (farthest === undefined ? distance : signedBucket(distance, Math.floor(span / 2), farthest));
  return Math.min(Math.max(row, 0), 2 * span - 1);
}

/** Computed in float32, since a quotient may be on the boundary of two buckets. */
function signedBucket(distance: number, exact: number, farthest: number): number {
  const size = Math.abs(distance), { fround, log, ceil } = Math;
  if (size <= exact) return distance;
  const logarithm = fround(log(fround(size / exact))), whole = fround(log(fround((farthest - 1) / exact)));
  return Math.sign(distance) * (ceil(fround(fround(logarithm / whole) * (exact - 1))) + exact);
}
