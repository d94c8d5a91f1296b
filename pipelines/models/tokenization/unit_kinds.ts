/** Kinds of characters, by their UTF-16 units. @module */

/** A kind by a unit; those of no kind, halves of longer characters among them, are 0. */
export type UnitKinds = Uint8Array;

const units = 2 ** 16;

/** All characters of one unit. */
const characters = () =>
  Array.from({ length: units }, (_, unit) => unit).filter((unit) => !isHalf(unit)).map((unit) =>
    String.fromCharCode(unit)
  ).join("");

/** Whether a unit is half of a character beyond the first 65,536. */
export function isHalf(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/**
 * The kinds of all units.
 *
 * @param patterns Each matches characters of one kind; the first has the kind 1, and no character has two.
 */
export function unitKindsOf(...patterns: readonly RegExp[]): UnitKinds {
  const kinds = new Uint8Array(units), all = characters();
  patterns.forEach(({ source, flags }, at) => {
    // Characters of a kind are many beside each other.
    for (const { 0: run } of all.matchAll(new RegExp(`(?:${source})+`, flags))) {
      for (let place = 0; place < run.length; place++) kinds[run.charCodeAt(place)] = at + 1;
    }
  });
  return kinds;
}
