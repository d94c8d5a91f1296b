/** Folders that a command writes completely or not at all. @module */
import { basename, dirname, join } from "node:path";
import { publishFolder, publishInto, syncFolder } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { namesIn } from "../../common/folder_names.ts";
import { markWritten, mostTries, systemCode, temporaryName, unwritable, writeAll } from "../../common/files.ts";
import { isStill, removeLeavings, removeOwn } from "../../common/leavings.ts";

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
  try {
    await write(temporary).catch((fault: unknown) => {
      // What a system refuses has a code; all else says itself what is wrong.
      throw systemCode(fault) === undefined ? fault : unwritable(path, fault);
    });
    await orUnwritable(path, () => publishMarked(temporary, path, there === undefined));
  } finally {
    await removeOwn(temporary);
  }
}

/**
 * Gives what was written its place, with a mark beside it that lists what is new there. It goes last: who dies before
 * leaves it to the next command, which then knows what it may write anew.
 */
async function publishMarked(temporary: string, path: string, isNew: boolean): Promise<void> {
  const there = new Set(isNew ? [] : await namesIn(path));
  const added = (await namesIn(temporary)).filter((name) => !there.has(name));
  const name = basename(temporaryName(path)), mark = join(path, name);
  using file = Deno.openSync(isNew ? join(temporary, name) : mark, { write: true, createNew: true });
  try {
    markWritten(file);
    await writeAll(file, new TextEncoder().encode(JSON.stringify(added)));
    await file.sync();
    if (isNew) await publishFolder(temporary, path);
    else {
      await syncFolder(path);
      await publishInto(temporary, path, added);
      await removeOwn(temporary);
    }
  } catch (fault) {
    const left: readonly string[] = await namesIn(path).catch(() => []);
    if (!added.some((each) => left.includes(each))) await removeOwn(mark);
    throw fault;
  }
  await removeOwn(mark);
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
export async function requireEmpty(path: string, fault = "holds other files; give --out a new folder"): Promise<void> {
  removeLeavings(path, true);
  if ((await namesIn(path)).length === 0) return;
  throw new RequestError(fault, { file: path });
}

async function orUnwritable(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (fault) {
    throw unwritable(path, fault);
  }
}
