/** The names in a folder. @module */
import { system } from "./system.ts";
import { RequestError } from "./errors.ts";
import { faultText } from "./files.ts";

/**
 * The names of a folder's files and subfolders, sorted; empty if it is absent, or a file.
 *
 * @throws {RequestError} If it cannot be read.
 */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(system.readDir(folder), ({ name }) => name)).sort();
  } catch (fault) {
    if (isAbsent(fault)) return [];
    throw unreadable(folder, fault);
  }
}

/** Whether an error means that there is no such file or folder. */
export function isAbsent(fault: unknown): boolean {
  return fault instanceof system.errors.NotFound || fault instanceof system.errors.NotADirectory;
}

/** The error for a path that exists but cannot be read. */
export function unreadable(file: string, fault: unknown): RequestError {
  return new RequestError(`can't be read (${faultText(fault)}); check the path and its permissions`, { file });
}
