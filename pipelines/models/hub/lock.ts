import { dirname } from "node:path";
import { system, type SystemFile } from "../../common/system.ts";
import { unwritable } from "../../common/files.ts";
import type { HubAccess } from "./access.ts";
import { pause } from "./transport.ts";

/**
 * Holds a lock of the cache like huggingface_hub: a system lock on a file, which ends with the process that holds it.
 * The file is kept, since another process may be waiting for it.
 *
 * @param path The lock's file; its folder is created.
 * @param what The name for the message about waiting.
 * @param access Decides how often to check, and when to give up.
 * @returns Releases the lock when it is disposed.
 * @throws {DiskError} If the file can't be opened.
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
    if (looks === 0) access.warn(`waiting for another process that is downloading ${what}`);
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

/**
 * Whether the file is still in place: some versions of Python's lock library remove it, and then a lock on it is
 * useless.
 */
async function isStill(file: SystemFile, path: string): Promise<boolean> {
  const { ino } = await file.stat();
  return ino === (await system.stat(path).catch(() => undefined))?.ino;
}
