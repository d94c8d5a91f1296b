import { join } from "node:path";
import type { Freed } from "./eviction.ts";

/** A writer touches its file with every chunk: one left alone for a day has lost its process. Milliseconds. */
const STALE_AFTER = 24 * 60 * 60 * 1000;
/** A writer locks its file a moment after it makes it and unlocks it a moment before it moves it. Milliseconds. */
const UNLOCKED_AFTER = 60 * 1000;

/** What `temporaryName` makes of an entry or a model, and `writeAtomically` of a store's other files; nothing else is removed. */
const ofStore =
  /^\.([0-9a-f]{64}\.safetensors|version|weights\.json|models\.json|rates\.json|model\.safetensors|(config|generation_config|tokenizer|tokenizer_config)\.json)\.[0-9a-f-]{36}\.tmp$/;
/** What a run's folder may hold half written. */
const ofRun = /^\.([\w-]+\.(json|jsonl|yaml|html|csv|safetensors|refract)\.[0-9a-f-]{36}\.tmp|probe-[0-9a-f-]{36})$/;

/** Removes temporaries that no process writes any more from a store, as far as it is allowed to. */
export function removeStaleTemporaries(store: string): Freed {
  // Entries are two folders down, and nothing of a store's is deeper.
  return removeAbandoned(store, 2, ofStore);
}

/** The same for a run's folder. */
export function removeRunTemporaries(folder: string): void {
  removeAbandoned(folder, 0, ofRun);
  removeAbandoned(join(folder, "members"), 4, ofRun);
}

function removeAbandoned(folder: string, depth: number, name: RegExp): Freed {
  let files = 0, bytes = 0;
  for (const path of temporaries(folder, depth, name)) {
    try {
      if (!isAbandoned(path)) continue;
      const { size } = Deno.statSync(path);
      Deno.removeSync(path);
      files++;
      bytes += size;
    } catch {
      // Another process was faster, or the folder is read-only: the file does no harm.
    }
  }
  return { files, bytes };
}

function isAbandoned(path: string): boolean {
  const { mtime } = Deno.statSync(path);
  const idle = mtime === null ? 0 : Date.now() - mtime.getTime();
  if (idle > STALE_AFTER || idle < UNLOCKED_AFTER) return idle > STALE_AFTER;
  using file = Deno.openSync(path, { read: true, write: true });
  return file.tryLockSync(true);
}

function* temporaries(folder: string, depth: number, pattern: RegExp): Generator<string> {
  let children: Deno.DirEntry[];
  try {
    children = [...Deno.readDirSync(folder)];
  } catch {
    return;
  }
  for (const { name, isFile, isDirectory } of children) {
    if (isFile && pattern.test(name)) yield join(folder, name);
    if (isDirectory && depth > 0) yield* temporaries(join(folder, name), depth - 1, pattern);
  }
}
