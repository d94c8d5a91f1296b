import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import {
  faultText,
  isJsonObject,
  type JsonObject,
  mostJson,
  parseJsonObject,
  readFileIfPresent,
  writeAtomically,
} from "../../common/files.ts";
import { digestInThread } from "../../common/digest_thread.ts";
import { digestMember, requireOwnContent, sealedJson } from "../../common/own_digest.ts";
import { type FileIdentity, identityOf, isSameFile, isSettled } from "../../common/file_identity.ts";
import { requireSoundBlob } from "./blob_digest.ts";
import { DamagedWeights } from "./damaged_weights.ts";
import { type CarriedDigest, carriedDigest, requireSound } from "./sealed_file.ts";

/** What `cacheFile` remembers of a file, by its real path. */
interface RememberedDigest extends FileIdentity {
  readonly sha256: string;
  /** When the whole file was last read for it, in milliseconds; unknown if omitted. */
  readonly read?: number;
}

/**
 * How long a remembered digest is trusted, in milliseconds. Data lost by a disk does not change a file's times, so the
 * file is read again after a week, while it is used.
 */
const trustedFor = 7 * 24 * 60 * 60 * 1000;

/** The file in which a store remembers the digests of files. */
export const digestCacheOf = (store: string): string => join(store, "weights.json");

/**
 * The digest of a model's weights.
 *
 * @param files Their real paths, in the order of the shards' names.
 * @param cacheFile A small JSON file that remembers each file's digest, so that an unchanged one is not read again. It
 * is created if absent; if it is damaged or can't be written, every file is read.
 * @param later Receives the checks of files whose digest is trusted for now; without it, files that contain their
 * digest are read now, and files whose remembered digest is old are not.
 * @returns For one file, its SHA-256 in hex; for several, the SHA-256 of their hex digests, joined in order.
 * @throws {RequestError} If a file can't be read or is damaged: it contains another digest than its own, or has another
 * one as its name in a Hugging Face cache.
 */
export async function weightsDigest(
  files: readonly string[],
  cacheFile?: string,
  later?: (check: CarriedDigest["check"]) => void,
): Promise<string> {
  const remembered = await recall(cacheFile);
  const learned = new Map<string, RememberedDigest>();
  const digests: string[] = [];
  for (const file of files) {
    const before = await identify(file), carried = later && await carriedDigest(file);
    if (carried !== undefined) {
      digests.push(carried.digest);
      later?.(carried.check);
      continue;
    }
    const known = remembered.get(file);
    if (known !== undefined && isSameFile(known, before)) {
      digests.push(known.sha256);
      if (Date.now() - (known.read ?? 0) > trustedFor) later?.((signal) => checkAgain(file, known, cacheFile, signal));
      continue;
    }
    const sha256 = await hashFile(file);
    digests.push(sha256);
    if (isSameFile(before, await identify(file))) learned.set(file, { ...before, sha256, ...readNow(before) });
  }
  if (cacheFile !== undefined && learned.size > 0) await remember(cacheFile, learned);
  return joined(digests);
}

/** Reads a file whose digest is remembered, and records that it was read. */
async function checkAgain(
  file: string,
  known: RememberedDigest,
  cacheFile: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const found = await digestInThread({ path: file, start: 0 }, signal).catch((fault) => {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  });
  if (!isSameFile(known, await identify(file))) return;
  if (found !== known.sha256) {
    throw new DamagedWeights("is damaged, its content changed but its times did not", file);
  }
  if (cacheFile !== undefined) await remember(cacheFile, new Map([[file, { ...known, ...readNow(known) }]]));
}

/**
 * The digest from the files themselves, or from `cacheFile` for unchanged files; `undefined` if one is not known. Reads
 * no weights.
 */
export async function rememberedDigest(
  files: readonly string[],
  cacheFile: string,
): Promise<string | undefined> {
  const remembered = await recall(cacheFile);
  const digests: string[] = [];
  for (const file of files) {
    const known = remembered.get(file);
    const digest = known !== undefined && isSameFile(known, await identify(file))
      ? known.sha256
      : (await carriedDigest(file))?.digest;
    if (digest === undefined) return undefined;
    digests.push(digest);
  }
  return joined(digests);
}

/** The digest of one file, or the combined digest of several. */
function joined(digests: readonly string[]): string {
  const [only] = digests;
  return only !== undefined && digests.length === 1
    ? only
    : createHash("sha256").update(digests.join("")).digest("hex");
}

/** Reads a file, whose digest must match the one in the file, or its name in a Hugging Face cache. */
async function hashFile(file: string): Promise<string> {
  return await requireSoundBlob(file) ?? await requireSound(file);
}

async function identify(file: string): Promise<FileIdentity> {
  try {
    return identityOf(await system.stat(file));
  } catch (fault) {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  }
}

/** A file that changed a moment ago is read again by the next that uses it, as it may change unseen. */
function readNow(identity: FileIdentity): Pick<RememberedDigest, "read"> {
  return isSettled(identity) ? { read: Date.now() } : {};
}

/** Reads the remembered digests; damaged entries, or a damaged file, count as absent. */
async function recall(cacheFile: string | undefined): Promise<Map<string, RememberedDigest>> {
  if (cacheFile === undefined) return new Map();
  const bytes = await readFileIfPresent(cacheFile, mostJson).catch(() => undefined);
  if (bytes === undefined) return new Map();
  const stored = soundJson(bytes, cacheFile), files = isJsonObject(stored?.["files"]) ? stored["files"] : {};
  const remembered = new Map<string, RememberedDigest>();
  for (const [file, entry] of Object.entries(files)) {
    if (isRememberedDigest(entry)) remembered.set(file, entry);
  }
  return remembered;
}

/** Parses the file if it is undamaged: a flipped digit in a digest would look like another model's. */
function soundJson(bytes: Uint8Array, file: string): JsonObject | undefined {
  try {
    requireOwnContent(bytes, digestMember, file, "delete it");
    return parseJsonObject(bytes, file, "delete it");
  } catch {
    return undefined;
  }
}

function isRememberedDigest(entry: unknown): entry is JsonObject & RememberedDigest {
  return isJsonObject(entry) &&
    [entry["size"], entry["modified"], entry["changed"], entry["inode"]].every(Number.isFinite) &&
    ["number", "undefined"].includes(typeof entry["read"]) && typeof entry["sha256"] === "string" &&
    /^[0-9a-f]{64}$/.test(entry["sha256"]);
}

/**
 * Remembers the digest of a file that was just written and hashed, by its real path, so that it need not be read again.
 */
export async function rememberDigest(file: string, sha256: string, cacheFile: string): Promise<void> {
  const identity = await identify(file);
  await remember(cacheFile, new Map([[file, { ...identity, sha256, ...readNow(identity) }]]));
}

/** Writes the remembered digests; if that fails, they are only computed again, so the run does not fail. */
async function remember(cacheFile: string, learned: ReadonlyMap<string, RememberedDigest>): Promise<void> {
  const files = Object.fromEntries([...await recall(cacheFile), ...learned]);
  try {
    await system.mkdir(dirname(cacheFile), { recursive: true });
    await writeAtomically(cacheFile, [new TextEncoder().encode(sealedJson({ files }))]);
  } catch {
    return;
  }
}
