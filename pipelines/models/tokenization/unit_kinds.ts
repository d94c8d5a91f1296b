/** Kinds of characters by UTF-16 unit. @module */

/** The kind of each unit; units of no kind, including halves of surrogate pairs, have 0. */
export type UnitKinds = Uint8Array;

const units = 2 ** 16;

/** All characters that consist of one unit. */
const characters = () =>
  Array.from({ length: units }, (_, unit) => unit).filter((unit) => !isHalf(unit)).map((unit) =>
    String.fromCharCode(unit)
  ).join("");

/** Whether a unit is half of a surrogate pair. */
export function isHalf(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/**
 * The kinds of all units.
 *
 * @param patterns Each matches characters of one kind; the first one's kind is 1, and no character has two kinds.
 */
export function unitKindsOf(...patterns: readonly RegExp[]): UnitKinds {
  const kinds = new Uint8Array(units), all = characters();
  patterns.forEach(({ source, flags }, at) => {
    // Characters of a kind are often adjacent, so match runs of them.
    for (const { 0: run } of all.matchAll(new RegExp(`(?:${source})+`, flags))) {
      for (let place = 0; place < run.length; place++) kinds[run.charCodeAt(place)] = at + 1;
    }
  });
  return kinds;
}
