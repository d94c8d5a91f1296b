/** Digests of files that results depend on. @module */
import { createHash } from "node:crypto";
import { RequestError } from "../../common/errors.ts";
import { system } from "../../common/system.ts";

const known = new Map<string, { readonly identity: FileIdentity; readonly digest: Promise<string> }>();

/**
 * A digest of a file's content, made once for as long as the file stays as it is.
 *
 * @throws {RequestError} If it is a pipe or a device, which may never end.
 */
export async function fileDigest(path: string): Promise<string> {
  const { isFile, size, mtime } = await system.stat(path);
  if (!isFile) {
    throw new RequestError("this is not a regular file, but a pipe or a device; write what it gives to a file", {
      file: path,
    });
  }
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
