/** How much a store may hold, and keeping to it. @module */
import { freeSpace } from "../common/free_space.ts";
import { evict, evictionOrder, type Freed, isQuicklyMade } from "./eviction.ts";
import { entriesOf, type StoredEntry, totalBytes } from "./inventory.ts";

/**
 * What a store may hold at most by default, in bytes: about 10,000 rows of 200 tokens with the keys and values
 * of half of a 135-million-parameter model.
 */
export const mostByDefault = 50e9;

/** Of the space that the disk has left, or had if the store were empty; others need some of it, too. */
const shareOfFreeSpace = 0.5;

/** For so long what other processes add to the store may be unknown. Milliseconds. */
const recountAfter = 10_000;

/** {@linkcode mostByDefault}, or half of what is free where that is less. What the store holds now counts as free. */
function defaultDiskBudget(store: string): number {
  const free = freeSpace(store);
  if (free === undefined) return mostByDefault;
  return Math.min(mostByDefault, Math.floor(shareOfFreeSpace * (free + totalBytes(entriesOf(store)))));
}

/** Keeps a store within its budget as entries come, and knows which of them this process reads. */
export class DiskBudget {
  readonly #store: string;
  readonly #onEvicted: (freed: Freed) => void;
  /** By path, how often it is open: to remove such a file frees nothing as long as this process lives. */
  readonly #open = new Map<string, number>();
  readonly #since = Date.now();
  #limit: number | undefined;
  #held = { bytes: 0, at: -Infinity };

  /**
   * @param store The store's folder.
   * @param limit Bytes; without it {@linkcode defaultDiskBudget}.
   * @param onEvicted Gets what was removed to make room.
   */
  constructor(store: string, limit: number | undefined, onEvicted: (freed: Freed) => void) {
    this.#store = store;
    this.#limit = limit;
    this.#onEvicted = onEvicted;
  }

  /** What the store may hold, in bytes. */
  get limit(): number {
    return this.#limit ??= defaultDiskBudget(this.#store);
  }

  /**
   * Makes room for an entry. One that is larger than all that the store may hold puts no other out: it is written, as
   * its run needs it, and is the first to go when the next entry comes.
   */
  makeRoom(bytes: number): void {
    const { limit } = this, now = Date.now();
    if (limit === Infinity) return;
    if (bytes > limit) {
      this.#held = { ...this.#held, at: -Infinity };
      return;
    }
    if (now - this.#held.at < recountAfter && this.#held.bytes + bytes <= limit) {
      this.#held = { ...this.#held, bytes: this.#held.bytes + bytes };
      return;
    }
    const held = totalBytes(entriesOf(this.#store));
    const freed = held + bytes > limit ? this.#evict(held + bytes - limit) : 0;
    this.#held = { bytes: held - freed + bytes, at: now };
  }

  /**
   * Makes room on a disk that turned out to be full. Evicts nothing where all of it would not be enough, and no results
   * that were of use since the store was opened: a run that can't go on leaves what it has.
   *
   * @returns Whether anything was freed, so that writing may be tried again.
   */
  rescue(bytes: number): boolean {
    const entries = this.#closed().filter((entry) => isQuicklyMade(entry) || entry.used < this.#since);
    return totalBytes(entries) >= bytes && this.#evict(bytes, entries) > 0;
  }

  /** Notes that this process reads an entry; the function that is returned, that it no longer does. */
  hold(path: string): () => void {
    this.#open.set(path, (this.#open.get(path) ?? 0) + 1);
    return () => {
      const left = this.#open.get(path)! - 1;
      if (left === 0) this.#open.delete(path);
      else this.#open.set(path, left);
    };
  }

  #closed(): StoredEntry[] {
    return entriesOf(this.#store).filter(({ path }) => !this.#open.has(path));
  }

  #evict(bytes: number, entries: readonly StoredEntry[] = this.#closed()): number {
    const freed = evict(evictionOrder(entries, Date.now()), bytes);
    if (freed.files > 0) this.#onEvicted(freed);
    return freed.bytes;
  }
}
