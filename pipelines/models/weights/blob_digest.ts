/** Files in a Hugging Face cache, which are named after the digests of their content. @module */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { DamagedWeights } from "./damaged_weights.ts";

/**
 * The digest of a file's content after which a cache names it: the SHA-256 of a large file, git's SHA-1 of a small one.
 *
 * @param file A real path: a cache's snapshots are links to its blobs.
 * @returns `undefined` if the file is not in a cache or has another name.
 * @throws {RequestError} If it can't be read.
 */
export async function blobDigest(
  file: string,
): Promise<{ readonly digest: string; readonly isSound: boolean } | undefined> {
  const name = basename(file);
  if (basename(dirname(file)) !== "blobs" || !/^([0-9a-f]{64}|[0-9a-f]{40})$/.test(name)) return undefined;
  try {
    using handle = await system.open(file);
    const { size } = await handle.stat();
    const hash = name.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
    const buffer = new Uint8Array(1 << 20);
    for (let count = await handle.read(buffer); count !== null; count = await handle.read(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    const digest = hash.digest("hex");
    return { digest, isSound: digest === name };
  } catch (fault) {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  }
}

/**
 * Requires that the content of a file in a Hugging Face cache matches its name; other files are accepted.
 *
 * @returns The SHA-256 of a file that is named after it.
 * @throws {DamagedWeights} If it does not match.
 */
export async function requireSoundBlob(file: string): Promise<string | undefined> {
  const found = await blobDigest(file);
  if (found === undefined) return undefined;
  const { digest, isSound } = found, isLarge = digest.length === 64;
  if (isSound) return isLarge ? digest : undefined;
  const finding = `is damaged, its ${isLarge ? "SHA-256" : "git SHA-1"} is ${digest}`;
  throw new DamagedWeights(finding, file, "delete it and download the model again");
}
