/** The merges of byte-pair encoding, and merging a word's symbols. @module */

/** The result of merging two neighbours, and its rank. */
interface Merge {
  readonly rank: number;
  readonly id: number;
}

/** Merges by the {@linkcode pairKey} of two ids. */
export type Merges = ReadonlyMap<number, Merge>;

/** More than the tokens of any vocabulary; its square is still exact in a double. */
const idLimit = 2 ** 26;

const pairKey = (left: number, right: number) => left * idLimit + right;

/**
 * Reads `merges`: pairs, or texts of two tokens separated by a space.
 *
 * @param prefix The prefix of tokens that continue a word.
 * @throws {Error} If one is invalid, or contains a token that the vocabulary lacks.
 */
export function mergesOf(declared: unknown, ids: ReadonlyMap<string, number>, prefix: string): Merges {
  if (!Array.isArray(declared)) throw new Error('"merges" that are not a list');
  const idOf = (token: string) => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`a merge with the token ${JSON.stringify(token)}, which "vocab" lacks`);
    if (id >= idLimit) throw new Error(`the token ${JSON.stringify(token)} has the id ${id}, which is not supported`);
    return id;
  };
  const merges = new Map<number, Merge>(), prefixLength = Array.from(prefix).length;
  // The first line of a merges.txt may be included.
  const listed = declared.filter((merge: unknown) => typeof merge !== "string" || !merge.startsWith("#version"));
  listed.forEach((merge: unknown, rank) => {
    const pair: readonly unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = pair;
    if (pair.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Error(`the merge ${JSON.stringify(merge)}, which is not two tokens`);
    }
    const rest = prefixLength === 0 ? right : Array.from(right).slice(prefixLength).join("");
    merges.set(pairKey(idOf(left), idOf(right)), { rank, id: idOf(left + rest) });
  });
  return merges;
}

/** Up to this many symbols, checking all pairs is faster than keeping them in order. */
export const shortWord = 24;

/** Merges the pair with the lowest rank, the first one on a tie, until none is left. */
export function mergeShort(symbols: number[], merges: Merges): number[] {
  const found = symbols.slice(1).map((right, at) => merges.get(pairKey(symbols[at]!, right)));
  for (;;) {
    let best = -1, lowest = Infinity;
    for (let at = 0; at < found.length; at++) {
      const rank = found[at]?.rank ?? Infinity;
      if (rank < lowest) [best, lowest] = [at, rank];
    }
    if (best === -1) return symbols;
    symbols.splice(best, 2, found[best]!.id);
    found.splice(best, 1);
    if (best > 0) found[best - 1] = merges.get(pairKey(symbols[best - 1]!, symbols[best]!));
    if (best < found.length) found[best] = merges.get(pairKey(symbols[best]!, symbols[best + 1]!));
  }
}

/** Like {@linkcode mergeShort}, but in nearly linear time: pairs are kept in a heap. */
export function mergeQueued(symbols: readonly number[], merges: Merges): number[] {
  const ids = Int32Array.from(symbols), count = ids.length;
  const next = Int32Array.from(ids, (_, at) => at + 1), previous = Int32Array.from(ids, (_, at) => at - 1);
  const queue = new PairQueue();
  const offer = (left: number) => {
    const right = next[left]!;
    const merge = right < count ? merges.get(pairKey(ids[left]!, ids[right]!)) : undefined;
    if (merge !== undefined) queue.push({ ...merge, left });
  };
  for (let at = 0; at < count; at++) offer(at);
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    const { left } = pair, right = next[left]!;
    // Later merges may have changed or removed this pair.
    const isCurrent = ids[left] !== -1 && right < count &&
      merges.get(pairKey(ids[left]!, ids[right]!))?.id === pair.id;
    if (!isCurrent) continue;
    ids[left] = pair.id;
    ids[right] = -1;
    next[left] = next[right]!;
    if (next[left] < count) previous[next[left]] = left;
    if (previous[left]! >= 0) offer(previous[left]!);
    offer(left);
  }
  return Array.from(ids.filter((id) => id !== -1));
}

interface Pair extends Merge {
  /** The index of its left symbol. */
  readonly left: number;
}

/** A heap of pairs, with the lowest rank on top, and the first in the word on a tie. */
class PairQueue {
  readonly #pairs: Pair[] = [];

  push(pair: Pair): void {
    const pairs = this.#pairs;
    let at = pairs.push(pair) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!comesBefore(pair, pairs[parent]!)) break;
      pairs[at] = pairs[parent]!;
      at = parent;
    }
    pairs[at] = pair;
  }

  pop(): Pair | undefined {
    const pairs = this.#pairs, top = pairs[0], last = pairs.pop();
    if (top === undefined || last === undefined || pairs.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= pairs.length) break;
      if (child + 1 < pairs.length && comesBefore(pairs[child + 1]!, pairs[child]!)) child++;
      if (!comesBefore(pairs[child]!, last)) break;
      pairs[at] = pairs[child]!;
      at = child;
    }
    pairs[at] = last;
    return top;
  }
}

function comesBefore(one: Pair, other: Pair): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.left < other.left);
}
