/** The number of a store's format, kept in it. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { faultText, writeAtomically } from "../common/files.ts";

/** The layout of folders and entries that this version of Refract reads and writes. */
const FORMAT = 1;

/**
 * Sees that a folder is a store of this format, or none yet.
 *
 * @throws {RequestError} If it is a store of another format, or not a folder.
 */
export function checkFormat(store: string): void {
  const file = join(store, "version");
  const found = readIfPresent(file)?.trim();
  if (found === undefined || found === String(FORMAT)) return;
  const problem = /^\d+$/.test(found)
    ? `the store has format ${found} and this Refract reads format ${FORMAT}; update Refract`
    : `expected the number of a store's format but found ${JSON.stringify(found.slice(0, 20))}; remove the store`;
  throw new RequestError(`${problem} or give another folder with --store`, { file });
}

/** Writes the format's number where there is none. Throws a DiskError if it can't. */
export async function writeFormat(store: string): Promise<void> {
  const file = join(store, "version");
  if (readIfPresent(file) === undefined) await writeAtomically(file, [new TextEncoder().encode(`${FORMAT}\n`)]);
}

function readIfPresent(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (fault) {
    if (fault instanceof Deno.errors.NotFound) return undefined;
    throw new RequestError(`the store can't be read (${faultText(fault)}); give another folder with --store`, { file });
  }
}
