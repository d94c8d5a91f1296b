/** Files of a Hugging Face cache, each of which is named by the digest of its content. @module */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { DamagedWeights } from "./damaged_weights.ts";

/**
 * The digest of a file's content by which a cache names it: of a large file its SHA-256, of a small one git's SHA-1.
 *
 * @param file A real path: a cache's snapshots are links to its blobs.
 * @returns Nothing if the file is in no cache, or named otherwise. Throws a RequestError if it can't be read.
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
    const buffer = new Uint8Array(4 << 20);
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
 * Requires that a file of a Hugging Face cache is what its name says; other files pass.
 *
 * @returns The SHA-256 of a file that is named by it.
 * @throws {DamagedWeights} If it is not.
 */
export async function requireSoundBlob(file: string): Promise<string | undefined> {
  const found = await blobDigest(file);
  if (found === undefined) return undefined;
  const { digest, isSound } = found, isLarge = digest.length === 64;
  if (isSound) return isLarge ? digest : undefined;
  const finding = `is damaged, its ${isLarge ? "SHA-256" : "git SHA-1"} is ${digest}`;
  throw new DamagedWeights(finding, file, "delete it and download the model again");
}
