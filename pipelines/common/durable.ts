/**
 * Giving what was written its name, so that a power failure leaves the old or the new of it and never half: the content
 * is on the disk before the rename, and the folder that has the name after it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { system, type SystemFile, type SystemOpenOptions } from "./system.ts";

/**
 * Gives a file that was written under a temporary name its own.
 *
 * @param file Open, all of it written; it stays the caller's to close.
 * @param path In the folder of `temporary`. A file that is there is replaced.
 */
export async function publish(file: SystemFile, temporary: string, path: string): Promise<void> {
  await unlessUnknown(() => file.sync());
  await system.rename(temporary, path);
  await syncFolder(dirname(path));
}

/** {@linkcode publish} of what may be lost or empty after a power failure: a reader finds the old or the new of it. */
export async function publishUnsynced(_: SystemFile, temporary: string, path: string): Promise<void> {
  await system.rename(temporary, path);
}

/** {@linkcode publish}, for what is written at once. */
export function publishSync(file: SystemFile, temporary: string, path: string): void {
  try {
    file.syncSync();
  } catch (fault) {
    passUnknown(fault);
  }
  system.renameSync(temporary, path);
  if (!hasFolderSync) return;
  try {
    using folder = system.openSync(dirname(path));
    folder.syncSync();
  } catch (fault) {
    passUnknown(fault);
  }
}

/** Gives a folder that was written under a temporary name its own, which nothing has. */
export async function publishFolder(temporary: string, path: string): Promise<void> {
  await syncTree(temporary);
  await system.rename(temporary, path);
  try {
    await syncFolder(dirname(path));
  } catch (fault) {
    const isBack = await system.rename(path, temporary).then(() => true, () => false);
    // Where it is refused to take the name back, what has it is whole; to say otherwise would have the next command refuse it.
    if (isBack) throw fault;
  }
}

/**
 * Moves what was written in a temporary folder into another on the same disk, in place of what has its names there. Where
 * the system refuses it, what is new there is moved back, as far as it allows that.
 *
 * @param added The names that are new there.
 */
export async function publishInto(temporary: string, path: string, added: readonly string[]): Promise<void> {
  await syncTree(temporary);
  try {
    for (const { name } of [...system.readDirSync(temporary)]) {
      await system.rename(join(temporary, name), join(path, name));
    }
    await syncFolder(path);
  } catch (fault) {
    for (const name of added) await system.rename(join(path, name), join(temporary, name)).catch(() => {});
    throw fault;
  }
}

/** Sees that the names in a folder are on the disk, as after a link was made in it. */
export async function syncFolder(path: string): Promise<void> {
  if (hasFolderSync) await unlessUnknown(() => syncAt(path, { read: true }));
}

/** Windows opens no folder as a file. */
const hasFolderSync = system.build.os !== "windows";

/** A folder's files, its folders' files, and its names. Links are passed over: what they lead to is another's. */
async function syncTree(folder: string): Promise<void> {
  for (const { name, isFile, isDirectory } of [...system.readDirSync(folder)]) {
    const path = join(folder, name);
    if (isDirectory) await syncTree(path);
    // A copy may be one that must not be written; Windows syncs only what may.
    else if (isFile) await unlessUnknown(() => syncAt(path, hasFolderSync ? { read: true } : { write: true }));
  }
  await syncFolder(folder);
}

async function syncAt(path: string, options: SystemOpenOptions): Promise<void> {
  using file = await system.open(path, options);
  await file.sync();
}

async function unlessUnknown(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (fault) {
    passUnknown(fault);
  }
}

/** A file system without syncing, or a folder that may be written and not read, gives what safety it has. */
function passUnknown(fault: unknown): void {
  const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
  if (!["EINVAL", "ENOTSUP", "ENOSYS", "EACCES", "EPERM"].includes(String(code))) throw fault;
}
