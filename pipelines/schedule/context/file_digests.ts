/** Digests of files that results depend on. @module */
import { createHash } from "node:crypto";
import { system } from "../../common/system.ts";

const fileDigests = new Map<string, Promise<string>>();

/** The digest of a file's content, cached until the file changes. */
export async function fileDigest(path: string): Promise<string> {
  const { size, mtime } = await system.stat(path);
  const key = JSON.stringify([path, size, mtime]);
  return await fileDigests.getOrInsertComputed(key, async () => {
    using file = await system.open(path);
    const hash = createHash("sha256"), chunk = new Uint8Array(2 ** 20);
    for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
      hash.update(chunk.subarray(0, read));
    }
    return hash.digest("hex");
  });
}
