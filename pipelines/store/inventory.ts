/** What a store holds, according to its folders and files. @module */
import { join } from "node:path";
import { system, type SystemEntry } from "../common/system.ts";

/** Kinds of entries are lower-case words. */
export const kindPattern = /^[a-z][a-z0-9-]*$/;
/** Keys are 64 hexadecimal digits. */
export const keyPattern = /^[0-9a-f]{64}$/;

/** Where an entry is. */
export function entryPath(store: string, kind: string, key: string): string {
  return join(store, kind, key.slice(0, 2), `${key}.safetensors`);
}

/** An entry as seen from its file, unopened. Times are milliseconds since 1970. */
export interface StoredEntry {
  readonly kind: string;
  readonly key: string;
  readonly path: string;
  /** The size of the whole file. */
  readonly bytes: number;
  readonly written: number;
  /** When it was last read from the store, or written. */
  readonly used: number;
}

/** All entries of a store; foreign files are ignored, and so is what another process removes. */
export function entriesOf(store: string): StoredEntry[] {
  const found: StoredEntry[] = [];
  for (const kind of foldersIn(store)) {
    if (!kindPattern.test(kind)) continue;
    for (const start of foldersIn(join(store, kind))) {
      for (const { name, isFile } of childrenOf(join(store, kind, start))) {
        const key = name.replace(/\.safetensors$/, "");
        if (!isFile || !keyPattern.test(key) || key === name || !key.startsWith(start)) continue;
        const entry = entryAt(store, kind, key);
        if (entry !== undefined) found.push(entry);
      }
    }
  }
  return found;
}

function entryAt(store: string, kind: string, key: string): StoredEntry | undefined {
  const path = entryPath(store, kind, key);
  try {
    const { size, mtime, atime } = system.statSync(path);
    const written = mtime?.getTime() ?? 0;
    return { kind, key, path, bytes: size, written, used: Math.max(written, atime?.getTime() ?? 0) };
  } catch {
    return undefined;
  }
}

/** The total size of entries in bytes. */
export function totalBytes(entries: readonly Pick<StoredEntry, "bytes">[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function foldersIn(folder: string): string[] {
  return childrenOf(folder).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

function childrenOf(folder: string): SystemEntry[] {
  try {
    return [...system.readDirSync(folder)];
  } catch {
    return [];
  }
}
