/** What a process that died has left half written, under the temporary name of what it would have become. @module */
import { basename, dirname, join } from "node:path";
import { system, type SystemFile } from "./system.ts";
import { leavesFolder } from "./inner_path.ts";

/** A writer touches what it writes: left alone for a day it has lost its process. Milliseconds. */
const STALE_AFTER = 24 * 60 * 60 * 1000;
/** Whether a name is a temporary one of what is called `name`, as `temporaryName` makes it. */
export function isTemporaryOf(found: string, name: string): boolean {
  const start = `.${name}.`;
  return found.startsWith(start) && /^[0-9a-f-]{36}\.tmp$/.test(found.slice(start.length));
}

/**
 * Removes a file or folder that nobody writes any more: it is not locked, or has not changed for a day. Whoever has just
 * made it and could not lock it yet sees that it is gone, by {@linkcode isStill}.
 *
 * @param lockedAfter For so long it is let be without a lock, in milliseconds: for writers that do not look.
 * @param before Called once it is known that nobody writes it.
 * @returns The bytes of a file, 0 of a folder; undefined if it is written. Throws what the system says if it can't be
 * removed.
 */
export function removeAbandoned(
  path: string,
  lockedAfter: number = 0,
  before: () => void = () => {},
): number | undefined {
  const { mtime, isDirectory, size } = system.lstatSync(path);
  const idleAt = (now: number) => mtime === null ? 0 : now - mtime.getTime(), idle = idleAt(Date.now());
  // The clock of whoever keeps the file may be minutes behind this machine's.
  if (lockedAfter > 0 && idle < recent && idleAt(keepersNow(path)) < lockedAfter) return undefined;
  // It stays locked until it is gone.
  using file = idle > STALE_AFTER ? undefined : system.openSync(path, { read: true, write: !isDirectory });
  if (file !== undefined && !file.tryLockSync(true)) return undefined;
  before();
  system.removeSync(path, { recursive: isDirectory });
  return isDirectory ? 0 : size;
}

/** What a system refuses once it need not refuse the next time. */
const mostRemovals = 3;

/**
 * Removes a file or folder of this process that is to be gone, however it came there. Nothing depends on it: what the
 * system refuses to remove, the next command removes.
 */
export async function removeOwn(path: string): Promise<void> {
  for (let tries = 0; tries < mostRemovals; tries++) {
    try {
      return await system.remove(path, { recursive: true });
    } catch (fault) {
      if (fault instanceof system.errors.NotFound) return;
    }
  }
}

/** {@linkcode removeOwn}, at once. */
export function removeOwnSync(path: string): void {
  for (let tries = 0; tries < mostRemovals; tries++) {
    try {
      return system.removeSync(path, { recursive: true });
    } catch (fault) {
      if (fault instanceof system.errors.NotFound) return;
    }
  }
}

/** Clocks differ by less than this, in milliseconds. */
const recent = 60 * 60 * 1000;

/** What time it is by the clock of whoever keeps a file, in milliseconds since 1970; this machine's where it can't be asked. */
function keepersNow(path: string): number {
  // Another temporary of the same file: should this process die, it goes as they do.
  const probe = join(dirname(path), basename(path).replace(/[0-9a-f-]{36}\.tmp$/, `${crypto.randomUUID()}.tmp`));
  try {
    using file = system.openSync(probe, { write: true, createNew: true });
    const { mtime } = file.statSync();
    system.removeSync(probe);
    return mtime?.getTime() ?? Date.now();
  } catch {
    return Date.now();
  }
}

/** Whether a path is still that of an open file or folder. */
export function isStill(file: SystemFile, path: string): boolean {
  try {
    return system.statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

/**
 * Removes what dead processes have left of a file or folder, beside it and in it, as far as that is allowed.
 *
 * @param path What they were to write.
 * @param isOwn Whether the folder was empty before: then what they had moved into it is removed, too.
 * @returns Whether something of a folder was in it: its files may be some of those that were to come.
 */
export function removeLeavings(path: string, isOwn: boolean = false): boolean {
  let wasInside = false;
  for (const folder of [dirname(path), path]) {
    for (const name of namesIn(folder)) {
      if (!isTemporaryOf(name, basename(path))) continue;
      if (folder === path) wasInside = true;
      try {
        const added = isOwn && folder === path ? addedBy(join(path, name)) : [];
        removeAbandoned(join(folder, name), 0, () => {
          for (const each of added) if (namesIn(path).includes(each)) removeOwnSync(join(path, each));
        });
      } catch {
        // Another process was faster, or it is not this user's: it does no harm.
      }
    }
  }
  return wasInside;
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(system.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** What a mark lists: the names that a process adds to the folder that the mark is in. */
function addedBy(mark: string): readonly string[] {
  let listed: unknown;
  try {
    listed = JSON.parse(system.readTextFileSync(mark));
  } catch {
    // A folder, or a mark that was never whole: nothing was added yet.
    return [];
  }
  return Array.isArray(listed) ? listed.filter((name) => typeof name === "string" && !leavesFolder(name)) : [];
}
