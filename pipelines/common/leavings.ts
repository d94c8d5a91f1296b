/** What a killed process has left incomplete, under the temporary name of what it would have become. @module */
import { basename, dirname, join } from "node:path";
import { system, type SystemFile } from "./system.ts";
import { leavesFolder } from "./inner_path.ts";

/** A writer keeps touching what it writes: after a day without change its process is gone. Milliseconds. */
const STALE_AFTER = 24 * 60 * 60 * 1000;
/** Whether a name is a temporary one for `name`, as `temporaryName` makes it. */
export function isTemporaryOf(found: string, name: string): boolean {
  const start = `.${name}.`;
  return found.startsWith(start) && /^[0-9a-f-]{36}\.tmp$/.test(found.slice(start.length));
}

/**
 * Removes a file or folder that nobody is writing any more: it is not locked, or has not changed for a day. A process
 * that has just created it and could not lock it yet detects that it is gone, with {@linkcode isStill}.
 *
 * @param lockedAfter For how long an unlocked one is kept, in milliseconds: for writers that do not check.
 * @param before Called once it is known that nobody is writing it.
 * @returns The bytes of a file, 0 for a folder; undefined if it is being written. Throws the system's error if it
 * cannot be removed.
 */
export function removeAbandoned(
  path: string,
  lockedAfter: number = 0,
  before: () => void = () => {},
): number | undefined {
  const { mtime, isDirectory, size } = system.lstatSync(path);
  const idleAt = (now: number) => mtime === null ? 0 : now - mtime.getTime(), idle = idleAt(Date.now());
  // The clock of the file server may be minutes behind this machine's.
  if (lockedAfter > 0 && idle < recent && idleAt(keepersNow(path)) < lockedAfter) return undefined;
  // It stays locked until it is gone.
  using file = idle > STALE_AFTER ? undefined : system.openSync(path, { read: true, write: !isDirectory });
  if (file !== undefined && !file.tryLockSync(true)) return undefined;
  before();
  system.removeSync(path, { recursive: isDirectory });
  return isDirectory ? 0 : size;
}

/** How often to retry, because the system may refuse once and then allow it. */
const mostRemovals = 3;

/**
 * Removes a file or folder of this process, however it was created. Nothing depends on it: what the system refuses to
 * remove, the next command removes.
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

/** {@linkcode removeOwn}, synchronously. */
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

/**
 * The current time by the clock of the file server, in milliseconds since 1970; this machine's if it cannot be
 * determined.
 */
function keepersNow(path: string): number {
  // Another temporary of the same file: should this process be killed, it is removed like the others.
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

/** Whether a path still refers to an open file or folder. */
export function isStill(file: SystemFile, path: string): boolean {
  try {
    return system.statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

/**
 * Removes what killed processes have left of a file or folder, beside it and in it, as far as permitted.
 *
 * @param path What they were writing.
 * @param isOwn Whether the folder was empty before: then what they had moved into it is removed too.
 * @returns Whether it contained remains of a folder: its files may be part of what was being written.
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
        // Another process was faster, or it belongs to another user: it does no harm.
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

/** What a mark lists: the names that a process adds to the folder with the mark. */
function addedBy(mark: string): readonly string[] {
  let listed: unknown;
  try {
    listed = JSON.parse(system.readTextFileSync(mark));
  } catch {
    // A folder, or an incomplete mark: nothing was added yet.
    return [];
  }
  return Array.isArray(listed) ? listed.filter((name) => typeof name === "string" && !leavesFolder(name)) : [];
}
