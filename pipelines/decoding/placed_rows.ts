/** The places of a batch's rows in its keys and values, which stay in the runtime's worker. @module */

/** A place, and the place that it is copied to. */
interface PlaceMove {
  readonly from: number;
  readonly to: number;
}

/** The new places of a batch's rows when the batch continues with other rows. */
interface Placement {
  /** The place of each row. */
  readonly places: readonly number[];
  /** The copies that this requires; no source is the target of another copy. */
  readonly moves: readonly PlaceMove[];
}

/**
 * Places for rows that continue others. Together they occupy the first places, and a row keeps its predecessor's place
 * if that is one of them, so that as little as possible is copied.
 *
 * @param from The place of the row that each row continues; several may continue the same row.
 */
export function placed(from: readonly number[]): Placement {
  const first = new Map<number, number>(), places: (number | undefined)[] = from.map(() => undefined);
  from.forEach((place, row) => {
    if (first.has(place)) return;
    first.set(place, row);
    if (place < from.length) places[row] = place;
  });
  const taken = new Set(places), moves: PlaceMove[] = [];
  let free = 0;
  const all = places.map((place, row) => {
    if (place !== undefined) return place;
    while (taken.has(free)) free++;
    moves.push({ from: from[row]!, to: free });
    return free++;
  });
  return { places: all, moves };
}
