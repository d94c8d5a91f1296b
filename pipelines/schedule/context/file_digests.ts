/** Digests of files that results depend on. @module */
import { createHash } from "node:crypto";
import { RequestError } from "../../common/errors.ts";
import { type FileIdentity, identityOf, isSameFile, isSettled } from "../../common/file_identity.ts";
import { system } from "../../common/system.ts";

const known = new Map<string, { readonly identity: FileIdentity; readonly digest: Promise<string> }>();

/**
 * The digest of a file's content, cached until the file changes.
 *
 * @throws {RequestError} If it is a pipe or a device, which may never end.
 */
export async function fileDigest(path: string): Promise<string> {
  const info = await system.stat(path);
  if (!info.isFile) {
    throw new RequestError("is a pipe or a device, not a regular file; write its content to a file", { file: path });
  }
  const identity = identityOf(info), before = known.get(path);
  if (before !== undefined && isSameFile(before.identity, identity)) return await before.digest;
  const digest = digestOf(path);
  if (isSettled(identity)) known.set(path, { identity, digest });
  return await digest;
}

async function digestOf(path: string): Promise<string> {
  using file = await system.open(path);
  const hash = createHash("sha256"), chunk = new Uint8Array(2 ** 20);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
  }
  return hash.digest("hex");
}
