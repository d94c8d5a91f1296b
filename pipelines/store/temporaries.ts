import { basename, dirname, join } from "node:path";
import type { Freed } from "./eviction.ts";

/** A writer touches its file with every chunk: one left alone for a day has lost its process. Milliseconds. */
const STALE_AFTER = 24 * 60 * 60 * 1000;

/** What `temporaryName` makes of an entry or the version file; nothing else is ever removed. */
const temporary = /^\.([0-9a-f]{64}\.safetensors|version)\.[0-9a-f-]{36}\.tmp$/;

/** A name beside `path`, unlike any other, for what is to be renamed to it. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
}

/** Removes temporaries that no process writes any more from a store, as far as it is allowed to. */
export function removeStaleTemporaries(store: string): Freed {
  let files = 0, bytes = 0;
  for (const path of temporaries(store, 2)) {
    try {
      const { mtime, size } = Deno.statSync(path);
      if (mtime === null || Date.now() - mtime.getTime() <= STALE_AFTER) continue;
      Deno.removeSync(path);
      files++;
      bytes += size;
    } catch {
      // Another process was faster, or the store is read-only: the file does no harm.
    }
  }
  return { files, bytes };
}

/** Entries lie `depth` folders down, and nothing of a store's lies deeper. */
function* temporaries(folder: string, depth: number): Generator<string> {
  let children: Deno.DirEntry[];
  try {
    children = [...Deno.readDirSync(folder)];
  } catch {
    return;
  }
  for (const { name, isFile, isDirectory } of children) {
    if (isFile && temporary.test(name)) yield join(folder, name);
    if (isDirectory && depth > 0) yield* temporaries(join(folder, name), depth - 1);
  }
}
