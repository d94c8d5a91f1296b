/** What tells an unchanged file from a changed one, without reading it. @module */
import { system, type SystemFileInfo } from "./system.ts";

/** What changes when a file's content does. */
export interface FileIdentity {
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
  /** Milliseconds, in whole seconds; catches a file that was rewritten and given its old time back. */
  readonly changed: number;
  readonly inode: number;
}

/** A file's identity now. */
export async function identityOf(path: string): Promise<FileIdentity> {
  const { size, mtime, ctime, ino }: SystemFileInfo = await system.stat(path);
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
