/**
 * Gives a written file its final name, so that after a power failure either the old or the new version exists, never
 * half of it: the content is on disk before the rename, and the folder with the name after it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { system, type SystemFile, type SystemFileInfo, type SystemOpenOptions } from "./system.ts";

/**
 * Renames a file that was written under a temporary name.
 *
 * @param file Open and completely written; the caller closes it.
 * @param path In the folder of `temporary`. An existing file is replaced.
 */
export async function publish(file: SystemFile, temporary: string, path: string): Promise<void> {
  await unlessUnknown(() => file.sync());
  await publishUnsynced(file, temporary, path);
  await syncFolder(dirname(path));
}

/**
 * {@linkcode publish} for files that may be lost or empty after a power failure: a reader finds the old or the new
 * version.
 */
export async function publishUnsynced(file: SystemFile, temporary: string, path: string): Promise<void> {
  await system.rename(temporary, path).catch((fault: unknown) => passMoved(fault, file.statSync(), path));
}

/** {@linkcode publish}, synchronously. */
export function publishSync(file: SystemFile, temporary: string, path: string): void {
  try {
    file.syncSync();
  } catch (fault) {
    passUnknown(fault);
  }
  try {
    system.renameSync(temporary, path);
  } catch (fault) {
    passMoved(fault, file.statSync(), path);
  }
  if (!hasFolderSync) return;
  try {
    using folder = system.openSync(dirname(path));
    folder.syncSync();
  } catch (fault) {
    passUnknown(fault);
  }
}

/** Renames a folder that was written under a temporary name to a name that does not exist. */
export async function publishFolder(temporary: string, path: string): Promise<void> {
  await syncTree(temporary);
  await move(temporary, path);
  try {
    await syncFolder(dirname(path));
  } catch (fault) {
    const isBack = await system.rename(path, temporary).then(() => true, () => false);
    // If the name cannot be taken back, the folder with it is complete; reporting otherwise would make the next command
    // refuse it.
    if (isBack) throw fault;
  }
}

/**
 * Moves the content of a temporary folder into another folder on the same disk, replacing what has the same names
 * there. If the system refuses, what is new there is moved back as far as possible.
 *
 * @param added The names that are new there.
 */
export async function publishInto(temporary: string, path: string, added: readonly string[]): Promise<void> {
  await syncTree(temporary);
  try {
    for (const { name } of [...system.readDirSync(temporary)]) {
      await move(join(temporary, name), join(path, name));
    }
    await syncFolder(path);
  } catch (fault) {
    for (const name of added) await system.rename(join(path, name), join(temporary, name)).catch(() => {});
    throw fault;
  }
}

async function move(from: string, to: string): Promise<void> {
  const moved = system.lstatSync(from);
  await system.rename(from, to).catch((fault: unknown) => passMoved(fault, moved, to));
}

/**
 * Ignores that there is nothing to rename if it has its new name: an NFS server that restarts, or whose answer is lost,
 * is asked again for what it has done.
 */
function passMoved(fault: unknown, { ino }: SystemFileInfo, path: string): void {
  if (fault instanceof system.errors.NotFound && ino !== null && inodeAt(path) === ino) return;
  throw fault;
}

function inodeAt(path: string): number | null {
  try {
    return system.lstatSync(path).ino;
  } catch {
    return null;
  }
}

/** Ensures that the names in a folder are on disk, as after a link was created in it. */
export async function syncFolder(path: string): Promise<void> {
  if (hasFolderSync) await unlessUnknown(() => syncAt(path, { read: true }));
}

/** Windows cannot open a folder as a file. */
const hasFolderSync = system.build.os !== "windows";

/** A folder's files, its subfolders' files, and its names. Links are skipped, because their targets are not ours. */
async function syncTree(folder: string): Promise<void> {
  for (const { name, isFile, isDirectory } of [...system.readDirSync(folder)]) {
    const path = join(folder, name);
    if (isDirectory) await syncTree(path);
    // A copy may be read-only; Windows syncs only writable files.
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

/** Ignores that a file system cannot sync, or that a folder is writable but not readable. */
function passUnknown(fault: unknown): void {
  const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
  if (!["EINVAL", "ENOTSUP", "ENOSYS", "EACCES", "EPERM"].includes(String(code))) throw fault;
}
