/** The free space on a disk. @module */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { system } from "./system.ts";

/** Free bytes on the disk where a folder is or will be; undefined if that is not permitted. */
export function freeSpace(folder: string): number | undefined {
  if (system.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return undefined;
  for (let path = folder;; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      if (dirname(path) === path) return undefined;
    }
  }
}
