/** The files of entries as a process finds them: others may replace, remove or damage them at any time. @module */
import { RunError } from "../common/errors.ts";
import { faultText, isGone } from "../common/files.ts";
import { system, type SystemFile, type SystemFileInfo } from "../common/system.ts";

/** An entry's file as it was found: open, and at its start. */
export interface FoundFile {
  readonly file: SystemFile;
  readonly info: SystemFileInfo;
}

/**
 * Opens the file of an entry, if there is one.
 *
 * @throws {RunError} If it cannot be read.
 */
export function openIfPresent(path: string): FoundFile | undefined {
  let file: SystemFile | undefined;
  try {
    file = system.openSync(path);
    return { file, info: file.statSync() };
  } catch (fault) {
    file?.close();
    if (isGone(fault)) return undefined;
    throw unreadable(path, fault);
  }
}

/** The error for an entry that cannot be read. */
export function unreadable(path: string, fault: unknown): RunError {
  return new RunError(`${path}: can't be read (${faultText(fault)}); make it readable or choose another store`);
}

/** The identity of a file's current version: it changes when the file is changed or replaced. */
export function identify(path: string, { size, mtime, dev, ino }: SystemFileInfo): string {
  return JSON.stringify([path, size, mtime, dev, ino]);
}

/**
 * Removes a damaged entry, unless another process has replaced it with an intact one in the meantime.
 *
 * @returns Whether it is gone.
 */
export function removeIfSame(path: string, seen: string): boolean {
  try {
    if (identify(path, system.statSync(path)) === seen) system.removeSync(path);
    return true;
  } catch (fault) {
    // In a read-only store the entry counts as absent.
    return isGone(fault);
  }
}

/**
 * Sets when an entry was last used, as far as permitted. Its identity contains the modification time only to the
 * millisecond, so that is set to a whole one.
 */
export function setTimes(file: SystemFile, used: Date, written: Date | null): void {
  try {
    file.utimeSync(used, written ?? used);
  } catch {
    // The store is read-only or another user's: the eviction order is its owner's.
  }
}
