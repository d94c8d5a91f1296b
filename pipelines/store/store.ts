/**
 * The content-addressed store: what was computed once is kept under a key of everything that it depends on. Several
 * processes may share one.
 *
 * @module
 */

import { dirname } from "node:path";
import { system, type SystemFile } from "../common/system.ts";
import { DiskError, RequestError, RunError } from "../common/errors.ts";
import { digestInThread } from "../common/digest_thread.ts";
import { isGone, temporaryName, unwritable, writeIfWhole } from "../common/files.ts";
import { freeSpace } from "../common/free_space.ts";
import { jsonText } from "../common/json_rows.ts";
import { removeOwnSync } from "../common/leavings.ts";
import { PendingChecks } from "../common/pending_checks.ts";
import { Claimant, type ClaimTimes, sweepClaims } from "./claims.ts";
import { DiskBudget } from "./disk_budget.ts";
import { type Entry, openEntry, REMEDY } from "./entry.ts";
import type { Freed } from "./eviction.ts";
import { checkFormat, writeFormat } from "./format.ts";
import { type FoundFile, identify, openIfPresent, removeIfSame, setTimes, unreadable } from "./found_file.ts";
import { entriesOf, entryPath, keyPattern, kindPattern, type StoredEntry } from "./inventory.ts";
import { formatSize } from "../common/size.ts";
import type { SharedCache } from "./shared_cache.ts";
import { removeStaleTemporaries } from "./temporaries.ts";
import { type EntryWriter, FileWriter } from "./writer.ts";

export { Entry } from "./entry.ts";
export { keyOf } from "../common/content_key.ts";
export type { EntryWriter } from "./writer.ts";

/** How a store reports what its callers need not handle. */
export interface StoreOptions {
  /** How much the store may hold, in bytes, before it evicts; {@linkcode defaultDiskBudget} if omitted. */
  readonly limit?: number | undefined;
  /** Receives a line for each damaged entry that was dropped. */
  readonly onDamaged?: (message: string) => void;
  /** Receives a line whenever entries were removed to make room for another. */
  readonly onEvicted?: (message: string) => void;
  /** Is queried for what the folder lacks, and receives what is put. */
  readonly shared?: SharedCache | undefined;
  /** How often a process that computes an entry renews its claim; every few seconds if omitted. */
  readonly claimTimes?: ClaimTimes | undefined;
}

/** An entry that is mapped into memory rather than read. */
interface MappedEntry {
  readonly entry: Entry;
  /** Must be called before the data is used: it starts the check of the data, unless it was checked before. */
  readonly use: () => void;
}

/**
 * Entries are at `<folder>/<kind>/<key[0:2]>/<key>.safetensors`. Nothing is created on disk before the first `put`.
 *
 * @example Kept from one run to the next
 * ```ts ignore
 * const store = new Store(".refract/store");
 * const key = keyOf({ program, weights, data });
 * if (!store.has("encode", key)) {
 *   await store.put("encode", key, (entry) => {
 *     entry.declare({ tensors: [{ name: "keys", dtype: "F32", shape: [2, 3] }] });
 *     entry.append("keys", new Float32Array(6));
 *   });
 * }
 * using entry = await store.get("encode", key);
 * ```
 */
export class Store {
  readonly folder: string;
  /**
   * Checks of files that are already in use. No entry is put into the store before the checks that have begun are done,
   * so that nothing computed from damaged weights is kept.
   */
  readonly checks: PendingChecks = new PendingChecks();
  /** What killed processes had left incomplete, removed when the store was opened. */
  readonly leftovers: Freed;
  readonly #budget: DiskBudget;
  readonly #onDamaged: (message: string) => void;
  readonly #shared: SharedCache | undefined;
  readonly #claimTimes: ClaimTimes | undefined;
  /** Files whose data this process has checked or written, as long as they are unchanged. */
  readonly #verified = new Set<string>();

  /**
   * Opens a store and removes what killed processes left incomplete in it.
   *
   * @param folder Need not exist.
   * @throws {RequestError} If the folder is a store of another format, or not a folder.
   */
  constructor(
    folder: string,
    { limit, onDamaged = () => {}, onEvicted = () => {}, shared, claimTimes }: StoreOptions = {},
  ) {
    this.folder = folder;
    this.#shared = shared;
    this.#claimTimes = claimTimes;
    this.#onDamaged = onDamaged;
    this.#budget = new DiskBudget(folder, limit, (freed) => onEvicted(evictedText(freed)));
    checkFormat(folder);
    this.leftovers = removeStaleTemporaries(folder, sweepClaims(folder));
  }

  /** How much the store may hold, in bytes. */
  get limit(): number {
    return this.#budget.limit;
  }

  /** What it holds. */
  entries(): StoredEntry[] {
    return entriesOf(this.folder);
  }

  /** Whether there is an entry; its bytes are not checked, so that `get` may still find it damaged. */
  has(kind: string, key: string): boolean {
    const path = this.#path(kind, key);
    try {
      return system.statSync(path).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Opens an entry, which counts as a use of it. Its digest is checked once per process, as long as the file is
   * unchanged.
   *
   * @param kind The kind of entry, in lower case: `encode`, `train`.
   * @param key From {@linkcode keyOf}.
   * @returns The entry, for the caller to close; undefined if there is none, or it was damaged and has been dropped.
   * @throws {RunError} If there is a file that cannot be read.
   */
  async get(kind: string, key: string): Promise<Entry | undefined> {
    const path = this.#path(kind, key);
    const found = await this.#find(kind, key);
    if (found === undefined) return undefined;
    const { file, info } = found, seen = identify(path, info);
    const entry = await this.#open(found, path, this.#verified.has(seen));
    if (typeof entry === "string") return undefined;
    this.#verified.add(seen);
    setTimes(file, new Date(), info.mtime);
    return entry;
  }

  /**
   * Opens an entry as {@linkcode Store.get} does, except that its data is checked while in use. If the data is damaged,
   * the entry is dropped and {@linkcode Store.checks} fails.
   *
   * @throws {RunError} If there is a file that cannot be read.
   */
  async getMapped(kind: string, key: string): Promise<MappedEntry | undefined> {
    const path = this.#path(kind, key), found = await this.#find(kind, key);
    if (found === undefined) return undefined;
    const { file, info } = found, seen = identify(path, info), entry = await this.#open(found, path, true);
    if (typeof entry === "string") return undefined;
    setTimes(file, new Date(), info.mtime);
    let isDue = !this.#verified.has(seen);
    const check = async (signal: AbortSignal) => {
      const { start, digest } = entry.data;
      const found = await digestInThread({ path, start }, signal).catch((fault: unknown) => {
        throw unreadable(path, fault);
      });
      if (found !== digest) throw droppedError(path, removeIfSame(path, seen));
      this.#verified.add(seen);
    };
    const use = () => {
      if (isDue) this.checks.begin(check);
      isDue = false;
    };
    return { entry, use };
  }

  /**
   * Reads an entry from end to end, which does not count as a use of it.
   *
   * @returns Whether it is intact, or there is none; otherwise it has been dropped.
   * @throws {RunError} If there is a file that cannot be read.
   */
  async check(kind: string, key: string): Promise<boolean> {
    const path = this.#path(kind, key);
    const found = openIfPresent(path);
    if (found === undefined) return true;
    const { file, info: { atime, mtime } } = found;
    const entry = await this.#open(found, path, false);
    if (typeof entry === "string") return entry === "gone";
    using _ = entry;
    // For the system, reading a file is a use of it.
    if (atime !== null) setTimes(file, atime, mtime);
    return true;
  }

  /** Downloads an entry from the shared cache if the folder lacks it, so that {@linkcode Store.has} finds it. */
  async fetch(kind: string, key: string): Promise<void> {
    if (this.#shared !== undefined && !this.has(kind, key)) (await this.#find(kind, key))?.file.close();
  }

  /** Who computes an entry, among all processes that share the folder. */
  claimant(kind: string, key: string): Claimant {
    return new Claimant({ store: this.folder, kind, key, path: this.#path(kind, key) }, this.#claimTimes);
  }

  /** Waits until the shared cache has everything that was put. */
  async shared(): Promise<void> {
    await this.#shared?.settled();
  }

  /** An entry's file, downloaded from the shared cache if the folder lacks it. */
  async #find(kind: string, key: string): Promise<FoundFile | undefined> {
    const path = this.#path(kind, key), found = openIfPresent(path), shared = this.#shared;
    if (found !== undefined || shared === undefined) return found;
    this.#prepare(dirname(path));
    const most = Math.min(this.limit, freeSpace(this.folder) ?? Infinity);
    const fetched = await writeIfWhole(path, async (file) => {
      if (!await shared.fetch(kind, key, file, most)) return false;
      this.#budget.makeRoom(file.statSync().size);
      return true;
    });
    return fetched ? openIfPresent(path) : undefined;
  }

  async #open({ file, info }: FoundFile, path: string, isVerified: boolean): Promise<Entry | "gone" | "damaged"> {
    const release = this.#budget.hold(path);
    try {
      return await openEntry(file, path, isVerified, release);
    } catch (fault) {
      file.close();
      release();
      if (isGone(fault)) return "gone";
      if (!(fault instanceof RequestError)) throw unreadable(path, fault);
      const isRemoved = removeIfSame(path, identify(path, info));
      this.#onDamaged(isRemoved ? fault.message : fault.message.replace(REMEDY, "it can't be removed, so remove it"));
      return "damaged";
    }
  }

  /**
   * Writes an entry, completely or not at all; an existing one is replaced.
   *
   * @param kind As for {@linkcode Store.get}.
   * @param key As for {@linkcode Store.get}.
   * @param write Declares the entry and appends its bytes. An error that it throws is passed on, and nothing is kept.
   * @throws {RunError} If the disk is full or cannot be written, or a file in use turned out to be damaged.
   */
  async put(kind: string, key: string, write: (entry: EntryWriter) => void | Promise<void>): Promise<void> {
    (await this.putAndOpen(kind, key, write)).close();
  }

  /**
   * Writes an entry as {@linkcode Store.put} does.
   *
   * @returns The entry, for the caller to close; no process can evict it before it is read.
   */
  async putAndOpen(
    kind: string,
    key: string,
    write: (entry: EntryWriter) => void | Promise<void>,
  ): Promise<Entry> {
    const path = this.#path(kind, key);
    this.#prepare(dirname(path));
    const writer = new FileWriter({
      temporary: temporaryName(path),
      path,
      makeRoom: (bytes) => this.#budget.makeRoom(bytes),
      rescue: (bytes) => this.#budget.rescue(bytes),
      full: (bytes) => fullDisk(kind, path, bytes),
    });
    let file: SystemFile;
    try {
      await write(writer);
      await this.checks.settled();
      file = writer.finish();
    } catch (fault) {
      writer.abandon();
      throw fault;
    }
    this.#verified.add(identify(path, file.statSync()));
    this.#shared?.send(kind, key, path);
    return await openEntry(file, path, true, this.#budget.hold(path));
  }

  /**
   * Removes an entry that is no longer needed, as far as permitted. Processes that have it open can continue to read
   * it.
   */
  remove(kind: string, key: string): void {
    removeOwnSync(this.#path(kind, key));
  }

  /**
   * Reads a small document; undefined if there is none, or it was damaged and has been dropped.
   *
   * @throws {RunError} If there is a file that cannot be read.
   */
  async getJson(kind: string, key: string): Promise<unknown> {
    using entry = await this.get(kind, key);
    return entry === undefined ? undefined : JSON.parse(new TextDecoder().decode(await entry.readBytes("json")));
  }

  /**
   * Writes a small document as JSON. Members that are undefined are omitted.
   *
   * @throws {TypeError} If it is not JSON; a number that is not finite would come back as null.
   * @throws {RunError} If the disk is full or cannot be written.
   */
  async putJson(kind: string, key: string, value: unknown): Promise<void> {
    const bytes = new TextEncoder().encode(jsonText(value));
    await this.put(kind, key, (entry) => {
      entry.declare({ tensors: [{ name: "json", dtype: "U8", shape: [bytes.length] }] });
      entry.append("json", bytes);
    });
  }

  #path(kind: string, key: string): string {
    if (!kindPattern.test(kind)) {
      throw new RangeError(`Expected kind to be a lower-case word but found "${kind}"`);
    }
    if (!keyPattern.test(key)) throw new RangeError(`Expected key to be 64 hex digits but found "${key}"`);
    return entryPath(this.folder, kind, key);
  }

  #prepare(folder: string): void {
    try {
      system.mkdirSync(folder, { recursive: true });
    } catch (fault) {
      throw unwritable(folder, fault);
    }
    writeFormat(this.folder);
  }
}

/** The error for a mapped entry whose data was in use when it turned out to be damaged. */
function droppedError(path: string, isGone: boolean): RunError {
  const remedy = isGone ? "it is dropped; run again to recompute it" : "remove it and run again";
  return new RunError(`${path}: is damaged, its data is not what was written; ${remedy}`);
}

/** The error for an entry that the disk has no room for, if evicting from the store would not help. */
function fullDisk(kind: string, path: string, missing: number): DiskError {
  const less = kind === "encode" ? ", keep less with --cache-memory" : "";
  return new DiskError(
    `${path}: can't be written (the disk is full); free ${formatSize(missing)}${less} or choose another folder`,
  );
}

function evictedText({ files, bytes }: Freed): string {
  const entries = files === 1 ? "1 entry" : `${files} entries`;
  return `the store evicted ${entries}, ${formatSize(bytes)}, to make room; --cache-disk sets its limit`;
}
