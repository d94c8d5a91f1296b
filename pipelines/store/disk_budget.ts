/** How much a store may hold, and how it is kept within that. @module */
import { freeSpace } from "../common/free_space.ts";
import { evict, evictionOrder, type Freed, isQuicklyMade } from "./eviction.ts";
import { entriesOf, type StoredEntry, totalBytes } from "./inventory.ts";

/**
 * The default upper limit of a store, in bytes: about 10,000 rows of 200 tokens with the keys and values of half of a
 * 135-million-parameter model.
 */
export const mostByDefault = 50e9;

/** The share of the disk's free space, or of what would be free if the store were empty; others need some of it too. */
const shareOfFreeSpace = 0.5;

/** For how long additions by other processes may go unnoticed, in milliseconds. */
const recountAfter = 10_000;

/** {@linkcode mostByDefault}, or half of the free space if that is less. What the store holds now counts as free. */
function defaultDiskBudget(store: string): number {
  const free = freeSpace(store);
  if (free === undefined) return mostByDefault;
  return Math.min(mostByDefault, Math.floor(shareOfFreeSpace * (free + totalBytes(entriesOf(store)))));
}

/** Keeps a store within its budget as entries are added, and tracks which of them this process reads. */
export class DiskBudget {
  readonly #store: string;
  readonly #onEvicted: (freed: Freed) => void;
  /** How often each path is open: removing such a file frees nothing while this process is running. */
  readonly #open = new Map<string, number>();
  readonly #since = Date.now();
  #limit: number | undefined;
  #held = { bytes: 0, at: -Infinity };

  /**
   * @param store The store's folder.
   * @param limit In bytes; {@linkcode defaultDiskBudget} if omitted.
   * @param onEvicted Receives what was removed to make room.
   */
  constructor(store: string, limit: number | undefined, onEvicted: (freed: Freed) => void) {
    this.#store = store;
    this.#limit = limit;
    this.#onEvicted = onEvicted;
  }

  /** How much the store may hold, in bytes. */
  get limit(): number {
    return this.#limit ??= defaultDiskBudget(this.#store);
  }

  /**
   * Makes room for an entry. An entry that is larger than the whole budget evicts no other: it is written, because its
   * run needs it, and is the first to go when the next entry is added.
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
   * Makes room on a disk that turned out to be full. Evicts nothing if that would not be enough, and no results that
   * have been used since the store was opened: a run that cannot continue keeps what it has.
   *
   * @returns Whether anything was freed, so that writing may be retried.
   */
  rescue(bytes: number): boolean {
    const entries = this.#closed().filter((entry) => isQuicklyMade(entry) || entry.used < this.#since);
    return totalBytes(entries) >= bytes && this.#evict(bytes, entries) > 0;
  }

  /** Records that this process reads an entry; the returned function records that it no longer does. */
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
