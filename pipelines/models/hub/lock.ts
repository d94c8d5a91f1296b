import { dirname } from "node:path";
import { system, type SystemFile } from "../../common/system.ts";
import { unwritable } from "../../common/files.ts";
import type { HubAccess } from "./access.ts";
import { pause } from "./transport.ts";

/**
 * Holds a lock of the cache, as huggingface_hub does: the system's lock on a file, which ends with the process that holds
 * it. The file stays, since another may wait for it.
 *
 * @param path The lock's file; its folder is made.
 * @param what Named to a person who waits.
 * @param access Says how often to look, and may give up.
 * @returns Ends the lock when it is disposed. Throws a DiskError if the file can't be had.
 */
export async function holdLock(path: string, what: string, access: HubAccess): Promise<Disposable> {
  for (let looks = 0;; looks++) {
    const file = await openLock(path);
    try {
      if (await file.tryLock(true) && await isStill(file, path)) {
        return { [Symbol.dispose]: () => file.close() };
      }
    } catch (fault) {
      file.close();
      throw unwritable(path, fault);
    }
    file.close();
    if (looks === 0) access.warn(`waits for another process that downloads ${what}`);
    await pause(access.timings.poll, access.signal);
  }
}

async function openLock(path: string): Promise<SystemFile> {
  try {
    await system.mkdir(dirname(path), { recursive: true });
    return await system.open(path, { read: true, write: true, create: true });
  } catch (fault) {
    throw unwritable(path, fault);
  }
}

/** Some versions of the library that Python locks with remove the file at the end; a lock on a removed one holds nobody. */
async function isStill(file: SystemFile, path: string): Promise<boolean> {
  const { ino } = await file.stat();
  return ino === (await system.stat(path).catch(() => undefined))?.ino;
}
