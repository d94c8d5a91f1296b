/** Folders that a command writes completely or not at all. @module */
import { basename, dirname, join } from "node:path";
import { publishFolder, publishInto, syncFolder } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { namesIn } from "../../common/folder_names.ts";
import { markWritten, mostTries, systemCode, temporaryName, unwritable, writeAll } from "../../common/files.ts";
import { isStill, removeLeavings, removeOwn } from "../../common/leavings.ts";

/**
 * Creates a folder, or adds files to an existing one, once all of them are written. What killed processes left of an
 * earlier attempt is removed.
 *
 * @param write Writes the files into the folder that it is given; if it throws, nothing is kept.
 * @param isEarlier Whether a name in an existing folder shows that it holds an earlier output, which may be
 * overwritten; files of other folders never are.
 * @throws {RequestError} If the path is a file's, or a file in the folder would be overwritten that is not an earlier
 * output's.
 * @throws {DiskError} If the folder cannot be written.
 */
export async function writeFolder(
  path: string,
  write: (folder: string) => Promise<void>,
  isEarlier: (name: string) => boolean = () => false,
): Promise<void> {
  const there = await Deno.stat(path).catch(() => undefined);
  if (there !== undefined && !there.isDirectory) {
    throw new RequestError("is a file; give --out a folder", { file: path });
  }
  removeLeavings(path, true);
  // Beside the folder or in it, so that the files can be renamed into place.
  const parent = there === undefined ? dirname(path) : path;
  const temporary = temporaryName(join(parent, basename(path)));
  using _ = await makeLocked(path, temporary);
  try {
    await write(temporary).catch((fault: unknown) => {
      // Errors of the operating system have a code; all others explain themselves.
      throw systemCode(fault) === undefined ? fault : unwritable(path, fault);
    });
    await requireNoLoss(path, await namesIn(temporary), isEarlier);
    await orUnwritable(path, () => publishMarked(temporary, path, there === undefined));
  } finally {
    await removeOwn(temporary);
  }
}

/**
 * Requires that writing into a folder loses nothing but an earlier output.
 *
 * @param written The names of what is written.
 */
export async function requireNoLoss(
  path: string,
  written: readonly string[],
  isEarlier: (name: string) => boolean,
): Promise<void> {
  const there = await namesIn(path), lost = written.find((name) => there.includes(name));
  if (lost === undefined || there.some(isEarlier)) return;
  throw new RequestError("would be overwritten, but is not from an earlier output; give --out another folder", {
    file: join(path, lost),
  });
}

/**
 * Moves what was written into place, after writing a mark that lists the new files. The mark is removed last: if the
 * process is killed before that, the next command knows which files it may overwrite.
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

/**
 * Creates a folder and locks it; it is created again if another process removed it as abandoned before the lock was
 * taken.
 */
async function makeLocked(path: string, temporary: string): Promise<Disposable | undefined> {
  for (let tries = 1;; tries++) {
    await orUnwritable(path, () => Deno.mkdir(temporary, { recursive: true }));
    let folder: Deno.FsFile;
    try {
      folder = Deno.openSync(temporary, { read: true });
    } catch (fault) {
      if (fault instanceof Deno.errors.NotFound && tries < mostTries) continue;
      // Some systems cannot open folders: what is left there is removed after a day.
      return undefined;
    }
    markWritten(folder);
    if (isStill(folder, temporary) || tries === mostTries) return folder;
    folder.close();
  }
}

/**
 * {@linkcode writeFolder} for a folder that is still empty.
 *
 * @throws {RequestError} If it holds anything that the files would mix with.
 */
export async function writeNewFolder(path: string, write: (folder: string) => Promise<void>): Promise<void> {
  await requireEmpty(path);
  await writeFolder(path, write);
}

/** @throws {RequestError} If a folder holds anything but the remains of an earlier attempt, which are removed. */
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
