/** Finds rows that are both trained and evaluated on. @module */
import type { RowList } from "../../common/row_list.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import { formatLocation } from "../../common/errors.ts";
import type { TokenizedExample } from "../../data/examples.ts";

/** Cached, because members share rows: each list is hashed once, and gathered once. */
const hashed = new WeakMap<RowList<unknown>, readonly number[]>();
const gathered = new WeakMap<RowList<unknown>, ReadonlySet<number>>();

/**
 * A note on an evaluation of rows that its model is trained on: some of them, as when a split has gone wrong, or all.
 *
 * @param name The stage's.
 */
export function sharedRowsNote(
  name: string,
  trained: RowList<LaidOutRow>,
  evaluated: RowList<TokenizedExample>,
): string | undefined {
  const known = gathered.getOrInsertComputed(trained, () => new Set(hashesOf(trained, ({ whole }) => whole)));
  const shared = hashesOf(evaluated, (example) => example).map((hash) => known.has(hash));
  const count = shared.filter((is) => is).length, place = evaluated.at(Math.max(0, shared.indexOf(true)))?.source.place;
  if (count === 0) return undefined;
  if (count === evaluated.length) {
    const all = count === 1 ? ["the row", "is a row"] : [`all ${count} rows`, "are rows"];
    return `${all[0]} that ${name} evaluates on ${all[1]} that it trains on`;
  }
  const first = place === undefined ? "" : `, the first is ${formatLocation(place)}`;
  return `${count} of the ${evaluated.length} rows that ${name} evaluates on ${
    count === 1 ? "is" : "are"
  } among those that it trains on${first}; ` +
    "see them with deno task rows, and remove them from one of the two";
}

function hashesOf<T>(rows: RowList<T>, exampleOf: (row: T) => TokenizedExample): readonly number[] {
  return hashed.getOrInsertComputed(rows, () => rows.map((row) => hashOf(exampleOf(row))));
}

/** 53 bits of an example's ids, from two 32-bit hashes (FNV-1a with different primes). */
function hashOf({ prompt, completion }: TokenizedExample): number {
  let [one, other] = [0x811c9dc5, 0x9747b28c];
  const take = (id: number) => {
    one = Math.imul(one ^ id, 0x01000193);
    other = Math.imul(other ^ id ^ (other >>> 15), 0x85ebca6b);
  };
  prompt.forEach(take);
  take(-1);
  completion.forEach(take);
  return (one >>> 0) * 2 ** 21 + (other >>> 11);
}
