/** The version number of a store's format, kept in the store. @module */
import { join } from "node:path";
import { system } from "../common/system.ts";
import { publishSync } from "../common/durable.ts";
import { DiskError, RequestError } from "../common/errors.ts";
import { faultText, isGone, temporaryName, unwritable } from "../common/files.ts";
import { removeOwnSync } from "../common/leavings.ts";
import { hasSoundHeader } from "./entry.ts";
import { entriesOf } from "./inventory.ts";

/** The layout of folders and entries that this version of Refract reads and writes. */
const FORMAT = 1;

/**
 * Checks that a folder is a store of this format, or not a store yet. If the number was lost, as when the power failed
 * before it was on disk, it is written again if an entry shows the format.
 *
 * @throws {RequestError} If it is a store of another format, or not a folder.
 */
export function checkFormat(store: string): void {
  const file = join(store, "version"), found = readIfPresent(file);
  if (found === undefined || found.trim() === String(FORMAT)) return;
  if (isLost(found) && showsFormat(store)) return restoreFormat(file);
  const problem = /^\d+$/.test(found.trim())
    ? `the store has format ${found.trim()} but this version of Refract reads format ${FORMAT}; update Refract`
    : `expected the number of a store's format but found ${JSON.stringify(found.slice(0, 20))}; remove the store`;
  throw new RequestError(`${problem} or give another folder with --store`, { file });
}

/** Writes the format's number if there is none. Throws a DiskError if it cannot. */
export function writeFormat(store: string): void {
  const file = join(store, "version"), found = readIfPresent(file);
  if (found === undefined || isLost(found)) writeSynced(file);
}

/** Whether a file is no longer than a number, but contains none of its digits. */
const isLost = (text: string) => /^[\0\s]*$/.test(text);

/** Whether a store holds an entry with an intact header, or nothing that could have another format. */
function showsFormat(store: string): boolean {
  const entries = entriesOf(store);
  return entries.length === 0 || entries.some(({ path }) => hasSoundHeader(path));
}

/** A store that cannot be written is read without it. */
function restoreFormat(file: string): void {
  try {
    writeSynced(file);
  } catch (fault) {
    if (!(fault instanceof DiskError)) throw fault;
  }
}

/** The file is on disk before it gets its name. */
function writeSynced(path: string): void {
  const temporary = temporaryName(path);
  try {
    using file = system.openSync(temporary, { write: true, createNew: true });
    file.writeSync(new TextEncoder().encode(`${FORMAT}\n`));
    publishSync(file, temporary, path);
  } catch (fault) {
    removeOwnSync(temporary);
    throw unwritable(path, fault);
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return system.readTextFileSync(file);
  } catch (fault) {
    if (isGone(fault)) return undefined;
    throw new RequestError(`the store can't be read (${faultText(fault)}); give another folder with --store`, { file });
  }
}
