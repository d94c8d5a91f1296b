/** The merges of byte-pair encoding, and merging a word's symbols. @module */

/** More than the tokens of any vocabulary. */
const idLimit = 2 ** 26;

/** The rank of two neighbours that are not merged: higher than any other. */
const noRank = 2 ** 31 - 1;

/** Merges by the ids of two neighbours, in a hash table of numbers, which takes a third of the time of a map. */
export class Merges {
  /** The id that the merge of each rank makes. */
  readonly ids: Int32Array;
  /** For each slot the two ids and the rank of their merge; `noRank` for an empty slot. */
  readonly #slots: Int32Array;
  /** One less than the number of slots, a power of two at least twice as large as the number of merges. */
  readonly #mask: number;

  /** @param count The maximum number of merges. */
  constructor(count: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.max(1, count)));
    this.ids = new Int32Array(count);
    this.#slots = new Int32Array(3 * slots).fill(noRank);
    this.#mask = slots - 1;
  }

  /** Adds the merge of a rank; of those of the same ids, the last one counts. */
  add(rank: number, left: number, right: number, id: number): void {
    const slots = this.#slots, at = this.#slotOf(left, right);
    [slots[at], slots[at + 1], slots[at + 2]] = [left, right, rank];
    this.ids[rank] = id;
  }

  /** The rank of the merge of two ids; `noRank` if there is none. */
  rankOf(left: number, right: number): number {
    return this.#slots[this.#slotOf(left, right) + 2]!;
  }

  /** Where the merge of two ids is, or the empty slot for it. */
  #slotOf(left: number, right: number): number {
    const slots = this.#slots, hash = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
    for (let slot = (hash ^ (hash >>> 15)) & this.#mask;; slot = (slot + 1) & this.#mask) {
      const at = 3 * slot;
      if (slots[at + 2] === noRank || (slots[at] === left && slots[at + 1] === right)) return at;
    }
  }
}

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
  // The first line of a merges.txt may be included.
  const listed = declared.filter((merge: unknown) => typeof merge !== "string" || !merge.startsWith("#version"));
  const merges = new Merges(listed.length), prefixLength = Array.from(prefix).length;
  listed.forEach((merge: unknown, rank) => {
    const pair: readonly unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = pair;
    if (pair.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Error(`the merge ${JSON.stringify(merge)}, which is not two tokens`);
    }
    const rest = prefixLength === 0 ? right : Array.from(right).slice(prefixLength).join("");
    merges.add(rank, idOf(left), idOf(right), idOf(left + rest));
  });
  return merges;
}

/** Up to this many symbols, checking all pairs is faster than keeping them in order. */
export const shortWord = 24;

/** The ranks of a word's pairs. */
const pairRanks = new Int32Array(shortWord);

/**
 * Merges the pair with the lowest rank, the first one on a tie, until none is left.
 *
 * @param symbols Changed to the result.
 */
export function mergeShort(symbols: number[], merges: Merges): number[] {
  let count = symbols.length;
  const ranks = count <= shortWord ? pairRanks : new Int32Array(count);
  for (let at = 0; at < count - 1; at++) ranks[at] = merges.rankOf(symbols[at]!, symbols[at + 1]!);
  for (;;) {
    let best = -1, lowest = noRank;
    for (let at = 0; at < count - 1; at++) if (ranks[at]! < lowest) [best, lowest] = [at, ranks[at]!];
    if (best === -1) break;
    count--;
    symbols[best] = merges.ids[lowest]!;
    for (let at = best + 1; at < count; at++) [symbols[at], ranks[at]] = [symbols[at + 1]!, ranks[at + 1]!];
    if (best > 0) ranks[best - 1] = merges.rankOf(symbols[best - 1]!, symbols[best]!);
    if (best < count - 1) ranks[best] = merges.rankOf(symbols[best]!, symbols[best + 1]!);
  }
  symbols.length = count;
  return symbols;
}

/** Like {@linkcode mergeShort}, but in nearly linear time: pairs are kept in a heap. */
export function mergeQueued(symbols: readonly number[], merges: Merges): number[] {
  const ids = Int32Array.from(symbols), count = ids.length;
  const next = Int32Array.from(ids, (_, at) => at + 1), previous = Int32Array.from(ids, (_, at) => at - 1);
  const queue = new PairQueue();
  const offer = (left: number) => {
    const right = next[left]!;
    const rank = right < count ? merges.rankOf(ids[left]!, ids[right]!) : noRank;
    if (rank !== noRank) queue.push({ rank, id: merges.ids[rank]!, left });
  };
  for (let at = 0; at < count; at++) offer(at);
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    const { left } = pair, right = next[left]!;
    // Later merges may have changed or removed this pair.
    const isCurrent = ids[left] !== -1 && right < count &&
      merges.ids[merges.rankOf(ids[left]!, ids[right]!)] === pair.id;
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

interface Pair {
  readonly rank: number;
  /** What merging it makes. */
  readonly id: number;
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
