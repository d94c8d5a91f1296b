import { basename, join } from "node:path";
import { system, type SystemEntry } from "../common/system.ts";
import { removeAbandoned } from "../common/leavings.ts";
import type { Freed } from "./eviction.ts";

/**
 * A process that writes to a store locks its file just after creating it and unlocks it just before moving it.
 * Milliseconds.
 */
const UNLOCKED_AFTER = 60 * 1000;

/**
 * The names that `temporaryName` gives entries and models, and `writeAtomically` a store's other files; nothing else is
 * removed.
 */
const ofStore =
  /^\.([0-9a-f]{64}\.safetensors|version|weights\.json|models\.json|rates\.json|model\.safetensors|(config|generation_config|tokenizer|tokenizer_config)\.json)\.[0-9a-f-]{36}\.tmp$/;
/** The incomplete files that a run folder may contain. */
const ofRun = /^\.([\w.-]+\.(json|jsonl|yaml|html|csv|safetensors|refract)\.[0-9a-f-]{36}\.tmp|probe-[0-9a-f-]{36})$/;

/**
 * Removes temporary files that no process is writing any more from a store, as far as permitted.
 *
 * @param claimed The keys of entries that others are computing, perhaps on machines whose locks are not visible here.
 */
export function removeStaleTemporaries(store: string, claimed: ReadonlySet<string> = new Set()): Freed {
  // Entries are two folders deep, and nothing in a store is deeper.
  return removeAll(store, 2, ofStore, { lockedAfter: UNLOCKED_AFTER, claimed });
}

/** The same for a run folder. */
export function removeRunTemporaries(folder: string): void {
  removeAll(folder, 0, ofRun);
  for (const inner of ["members", "tensorboard"]) removeAll(join(folder, inner), 4, ofRun);
}

/** Which temporary files to keep. */
interface Kept {
  readonly lockedAfter?: number;
  readonly claimed?: ReadonlySet<string>;
}

function removeAll(folder: string, depth: number, name: RegExp, { lockedAfter, claimed }: Kept = {}): Freed {
  let files = 0, bytes = 0;
  for (const path of temporaries(folder, depth, name)) {
    if (claimed?.has(basename(path).slice(1, 65)) === true) continue;
    try {
      const size = removeAbandoned(path, lockedAfter);
      if (size === undefined) continue;
      files++;
      bytes += size;
    } catch {
      // Another process was faster, or the folder is read-only: the file does no harm.
    }
  }
  return { files, bytes };
}

function* temporaries(folder: string, depth: number, pattern: RegExp): Generator<string> {
  let children: SystemEntry[];
  try {
    children = [...system.readDirSync(folder)];
  } catch {
    return;
  }
  for (const { name, isFile, isDirectory } of children) {
    if (isFile && pattern.test(name)) yield join(folder, name);
    if (isDirectory && depth > 0) yield* temporaries(join(folder, name), depth - 1, pattern);
  }
}
