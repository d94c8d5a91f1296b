/** What a folder holds. @module */
import { system } from "./system.ts";
import { RequestError } from "./errors.ts";
import { faultText } from "./files.ts";

/**
 * The names of a folder's files and folders, sorted; none where it is absent, or a file.
 *
 * @throws {RequestError} If it can't be read.
 */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(system.readDir(folder), ({ name }) => name)).sort();
  } catch (fault) {
    if (isAbsent(fault)) return [];
    throw unreadable(folder, fault);
  }
}

/** Whether a fault means that there is no such file or folder. */
export function isAbsent(fault: unknown): boolean {
  return fault instanceof system.errors.NotFound || fault instanceof system.errors.NotADirectory;
}

/** The error of a path that is there and can't be read. */
export function unreadable(file: string, fault: unknown): RequestError {
  return new RequestError(`can't be read (${faultText(fault)}); check the path and its permissions`, { file });
}
