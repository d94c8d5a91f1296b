/** Folders that a command writes completely or not at all. @module */
import { basename, dirname, join } from "node:path";
import { publishFolder, publishInto } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { namesIn } from "../../common/folder_names.ts";
import { markWritten, mostTries, systemCode, temporaryName, unwritable } from "../../common/files.ts";
import { isStill, movedFrom, removeLeavings, removeOwn } from "../../common/leavings.ts";

/**
 * Makes a folder, or adds files to one that exists, once all of them are written. What processes that died have left of an
 * earlier try is removed.
 *
 * @param write Writes the files into the folder that it is given; what it throws leaves nothing behind.
 * @throws {RequestError} If the path is a file's.
 * @throws {DiskError} If the folder can't be written.
 */
export async function writeFolder(path: string, write: (folder: string) => Promise<void>): Promise<void> {
  const there = await Deno.stat(path).catch(() => undefined);
  if (there !== undefined && !there.isDirectory) {
    throw new RequestError("is a file; give --out a folder", { file: path });
  }
  removeLeavings(path);
  // Beside the folder or in it, so that the files can be moved at once.
  const parent = there === undefined ? dirname(path) : path;
  const temporary = temporaryName(join(parent, basename(path)));
  using _ = await makeLocked(path, temporary);
  let isWhole = false;
  try {
    await write(temporary).catch((fault: unknown) => {
      // What a system refuses has a code; all else says itself what is wrong.
      throw systemCode(fault) === undefined ? fault : unwritable(path, fault);
    });
    await orUnwritable(path, () => (there === undefined ? publishFolder : publishInto)(temporary, path));
    isWhole = true;
  } finally {
    // What could not be moved back is known by what lies there to the next command, which removes it.
    if (isWhole || movedFrom(temporary).length === 0) await removeOwn(temporary);
  }
}

/** Makes a folder and locks it; it is made again if another process removed it as abandoned before the lock was held. */
async function makeLocked(path: string, temporary: string): Promise<Disposable | undefined> {
  for (let tries = 1;; tries++) {
    await orUnwritable(path, () => Deno.mkdir(temporary, { recursive: true }));
    let folder: Deno.FsFile;
    try {
      folder = Deno.openSync(temporary, { read: true });
    } catch (fault) {
      if (fault instanceof Deno.errors.NotFound && tries < mostTries) continue;
      // Some systems open no folder: what is left there goes after a day.
      return undefined;
    }
    markWritten(folder);
    if (isStill(folder, temporary) || tries === mostTries) return folder;
    folder.close();
  }
}

/**
 * {@linkcode writeFolder}, of a folder that holds nothing yet.
 *
 * @throws {RequestError} If it holds anything, with which the files would mix.
 */
export async function writeNewFolder(path: string, write: (folder: string) => Promise<void>): Promise<void> {
  await requireEmpty(path);
  await writeFolder(path, write);
}

/** @throws {RequestError} If a folder holds anything but what is left of an earlier try, which is removed. */
export async function requireEmpty(path: string): Promise<void> {
  removeLeavings(path, true);
  if ((await namesIn(path)).length === 0) return;
  throw new RequestError("holds other files; give --out a new folder", { file: path });
}

async function orUnwritable(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (fault) {
    throw unwritable(path, fault);
  }
}
