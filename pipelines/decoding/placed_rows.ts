/** Which rows of a batch are where in its keys and values, which stay in the runtime's worker. @module */

/** A place, and the one that it is copied to. */
interface PlaceMove {
  readonly from: number;
  readonly to: number;
}

/** Where each row of a batch goes when the batch continues with others. */
interface Placement {
  /** The place of each row. */
  readonly places: readonly number[];
  /** What is copied for that; no source is the target of another. */
  readonly moves: readonly PlaceMove[];
}

/**
 * Places for rows that continue after others. Together they take the first places; a row keeps its predecessor's where that is
 * one of them, so that as little as possible is copied.
 *
 * @param from The place of the row that each continues after; several may continue after one.
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
