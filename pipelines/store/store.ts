/**
 * The content-addressed store: what was computed once is kept under a key of everything that it depends on. Several
 * processes may share one.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { RequestError, RunError } from "../errors.ts";
import { faultText, unwritable, writeAtomically } from "../models/files.ts";
import { type Entry, openEntry } from "./entry.ts";
import { removeStaleTemporaries, temporaryName } from "./temporaries.ts";
import { type EntryWriter, FileWriter } from "./writer.ts";

export { Entry } from "./entry.ts";
export type { EntryDeclaration, TensorDeclaration } from "./header.ts";
export { keyOf } from "./key.ts";
export type { EntryWriter } from "./writer.ts";

/** The layout of folders and entries that this version of Refract reads and writes. */
const FORMAT = 1;

/** How a store reports what its callers need not handle. */
export interface StoreOptions {
  /** Gets a line for each damaged entry that was dropped. */
  readonly onDamaged?: (message: string) => void;
}

/**
 * Entries lie at `<folder>/<kind>/<key[0:2]>/<key>.safetensors`. Nothing is made on the disk before the first `put`.
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
  readonly #onDamaged: (message: string) => void;
  /** Files whose data this process has checked or written, as long as they stay what they were. */
  readonly #verified = new Set<string>();

  /**
   * Opens a store and removes what dead processes left in it half written.
   *
   * @param folder Need not exist.
   * @throws {RequestError} If the folder is a store of another format, or not a folder.
   */
  constructor(folder: string, { onDamaged = () => {} }: StoreOptions = {}) {
    this.folder = folder;
    this.#onDamaged = onDamaged;
    checkFormat(join(folder, "version"));
    removeStaleTemporaries(folder);
  }

  /** Whether there is an entry; its bytes are not checked, so that `get` may still find it damaged. */
  has(kind: string, key: string): boolean {
    const path = this.#path(kind, key);
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Opens an entry. Its digest is checked, once a process for as long as the file stays as it is.
   *
   * @param kind What sort of thing it is, in lower case: `encode`, `train`.
   * @param key From {@linkcode keyOf}.
   * @returns The entry, for the caller to close; undefined if there is none, or it was damaged and has been dropped.
   * @throws {RunError} If there is a file that can't be read.
   */
  async get(kind: string, key: string): Promise<Entry | undefined> {
    const path = this.#path(kind, key);
    const file = openIfPresent(path);
    if (file === undefined) return undefined;
    try {
      const seen = identify(path, file.statSync());
      const entry = await openEntry(file, path, this.#verified.has(seen));
      this.#verified.add(seen);
      return entry;
    } catch (fault) {
      const seen = identify(path, file.statSync());
      file.close();
      if (!(fault instanceof RequestError)) throw unreadable(path, fault);
      removeIfSame(path, seen);
      this.#onDamaged(fault.message);
      return undefined;
    }
  }

  /**
   * Writes an entry, all of it or nothing; one that is there already is replaced.
   *
   * @param kind As of {@linkcode Store.get}.
   * @param key As of {@linkcode Store.get}.
   * @param write Declares the entry and appends its bytes. What it throws is passed on, and nothing is kept.
   * @throws {RunError} If the disk is full or can't be written.
   */
  async put(kind: string, key: string, write: (entry: EntryWriter) => void | Promise<void>): Promise<void> {
    const path = this.#path(kind, key);
    await this.#prepare(dirname(path));
    const writer = new FileWriter(temporaryName(path), path);
    try {
      await write(writer);
      this.#verified.add(identify(path, writer.finish()));
    } catch (fault) {
      writer.abandon();
      throw fault;
    }
  }

  /** Removes an entry that is of no more use, as far as it is allowed to. Whoever has it open may read on. */
  remove(kind: string, key: string): void {
    try {
      Deno.removeSync(this.#path(kind, key));
    } catch {
      // Gone already, or the store is read-only: it does no harm.
    }
  }

  /**
   * Reads a small document; undefined if there is none, or it was damaged and has been dropped.
   *
   * @throws {RunError} If there is a file that can't be read.
   */
  async getJson(kind: string, key: string): Promise<unknown> {
    using entry = await this.get(kind, key);
    return entry === undefined ? undefined : JSON.parse(new TextDecoder().decode(await entry.readBytes("json")));
  }

  /**
   * Writes a small document, as JSON. Members that are undefined are left out.
   *
   * @throws {TypeError} If it is not JSON; a number that is not finite would come back as null.
   * @throws {RunError} If the disk is full or can't be written.
   */
  async putJson(kind: string, key: string, value: unknown): Promise<void> {
    const json = JSON.stringify(value, (name, member: unknown) => {
      if (typeof member !== "number" || Number.isFinite(member)) return member;
      throw new TypeError(`Expected a document of finite numbers but "${name}" is ${member}`);
    });
    if (json === undefined) throw new TypeError(`Expected a document to be a JSON value but found ${typeof value}`);
    const bytes = new TextEncoder().encode(json);
    await this.put(kind, key, (entry) => {
      entry.declare({ tensors: [{ name: "json", dtype: "U8", shape: [bytes.length] }] });
      entry.append("json", bytes);
    });
  }

  #path(kind: string, key: string): string {
    if (!/^[a-z][a-z0-9-]*$/.test(kind)) {
      throw new RangeError(`Expected kind to be a lower-case word but found "${kind}"`);
    }
    if (!/^[0-9a-f]{64}$/.test(key)) throw new RangeError(`Expected key to be 64 hex digits but found "${key}"`);
    return join(this.folder, kind, key.slice(0, 2), `${key}.safetensors`);
  }

  async #prepare(folder: string): Promise<void> {
    try {
      Deno.mkdirSync(folder, { recursive: true });
    } catch (fault) {
      throw unwritable(folder, fault);
    }
    const version = join(this.folder, "version");
    if (readIfPresent(version) === undefined) await writeAtomically(version, [new TextEncoder().encode(`${FORMAT}\n`)]);
  }
}

function checkFormat(file: string): void {
  const found = readIfPresent(file)?.trim();
  if (found === undefined || found === String(FORMAT)) return;
  const problem = /^\d+$/.test(found)
    ? `the store has format ${found} and this Refract reads format ${FORMAT}; update Refract`
    : `expected the number of a store's format but found ${JSON.stringify(found.slice(0, 20))}; remove the store`;
  throw new RequestError(`${problem} or give another folder with --store`, { file });
}

function readIfPresent(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (fault) {
    if (fault instanceof Deno.errors.NotFound) return undefined;
    throw new RequestError(`the store can't be read (${faultText(fault)}); give another folder with --store`, { file });
  }
}

function openIfPresent(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path);
  } catch (fault) {
    if (fault instanceof Deno.errors.NotFound) return undefined;
    throw unreadable(path, fault);
  }
}

function unreadable(path: string, fault: unknown): RunError {
  return new RunError(`${path}: can't be read (${faultText(fault)}); make it readable or choose another store`);
}

/** A file as it is now: changed or replaced, it gets another identity. */
function identify(path: string, { size, mtime, dev, ino }: Deno.FileInfo): string {
  return JSON.stringify([path, size, mtime, dev, ino]);
}

/** Removes a damaged entry, unless another process has put a sound one in its place meanwhile. */
function removeIfSame(path: string, seen: string): void {
  try {
    if (identify(path, Deno.statSync(path)) === seen) Deno.removeSync(path);
  } catch {
    // Gone already, or the store is read-only: the entry counts as absent either way.
  }
}
