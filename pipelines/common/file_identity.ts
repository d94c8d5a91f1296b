/** Distinguishes unchanged files from changed ones without reading them. @module */
import type { SystemFileInfo } from "./system.ts";

/** What changes when a file's content does. */
export interface FileIdentity {
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
  /** Milliseconds, in whole seconds; catches a file that was rewritten and given its old time back. */
  readonly changed: number;
  readonly inode: number;
}

/** The identity of a file with this status. */
export function identityOf({ size, mtime, ctime, ino }: SystemFileInfo): FileIdentity {
  return { size, modified: mtime?.getTime() ?? 0, changed: ctime?.getTime() ?? 0, inode: ino ?? 0 };
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.size === b.size && a.modified === b.modified && a.changed === b.changed && a.inode === b.inode;
}

/**
 * Whether any later change of the file's content must change its identity. A file that changed a moment ago may change
 * again within the same second of its clock, get its old time back, and look the same.
 */
export function isSettled({ changed }: FileIdentity): boolean {
  return Date.now() - changed > 2000;
}
