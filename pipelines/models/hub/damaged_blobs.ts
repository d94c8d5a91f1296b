/** Cached files whose content no longer matches their names. @module */
import { isBrokenLink, refuseBrokenLink } from "../../common/files.ts";
import { join } from "node:path";
import { type FileIdentity, identityOf, isSameFile, isSettled } from "../../common/file_identity.ts";
import { system } from "../../common/system.ts";
import { blobDigest, requireSoundBlob } from "../weights/blob_digest.ts";
import { type Environment, isOffline } from "./access.ts";

/** Blobs that this process found sound, each with what changes when it does. */
const sound = new Map<string, FileIdentity>();

/** Whether a blob matches its name; once it does, it is not read again as long as it is unchanged. */
export async function isSound(blob: string): Promise<boolean> {
  const identity = identityOf(await system.stat(blob)), known = sound.get(blob);
  if (known !== undefined && isSameFile(known, identity)) return true;
  const isNamed = (await blobDigest(blob))?.isSound ?? true;
  if (isNamed && isSettled(identity)) sound.set(blob, identity);
  return isNamed;
}

/**
 * Removes a snapshot's damaged files and their blobs, so that they count as absent and are downloaded again.
 *
 * @param names The files to check; absent ones are skipped.
 * @param env Determines whether they can be downloaded again.
 * @param warn Receives a line for each.
 * @returns The names of those removed.
 * @throws {RequestError} If there are any and downloads are forbidden.
 */
export async function removeDamaged(
  snapshot: string,
  names: Iterable<string>,
  env: Environment,
  warn: (message: string) => void = () => {},
): Promise<readonly string[]> {
  const damaged: string[] = [], removed = new Set<string>();
  const files = await Promise.all([...names].map(async (name) => {
    const path = join(snapshot, name);
    return { name, path, blob: await system.realPath(path).catch(() => undefined) };
  }));
  for (const { name, path, blob } of files) {
    if (blob === undefined) {
      // Its blob was removed, but not the link.
      if (!await isBrokenLink(path)) continue;
      if (isOffline(env)) await refuseBrokenLink(path);
      warn(`${path}: is a link to a missing file; downloading it again`);
    } else if (!removed.has(blob)) {
      if (await isSound(blob)) continue;
      if (isOffline(env)) await requireSoundBlob(blob);
      await system.remove(blob).catch(() => {});
      removed.add(blob);
      warn(`${path}: is damaged; downloading it again`);
    }
    await system.remove(path).catch(() => {});
    damaged.push(name);
  }
  return damaged;
}
