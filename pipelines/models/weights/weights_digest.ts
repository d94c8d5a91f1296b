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
  /** When all of the file was read for it, in milliseconds; never as far as is known if omitted. */
  readonly read?: number;
}

/**
 * How long a remembered digest is taken as it is, in milliseconds. What a disk loses changes no time of a file, so that the
 * file is read again after a week, while it is used.
 */
const trustedFor = 7 * 24 * 60 * 60 * 1000;

/** Where a store remembers the digests of files. */
export const digestCacheOf = (store: string): string => join(store, "weights.json");

/**
 * The digest of a model's weights.
 *
 * @param files Their real paths, in the order of the shards' names.
 * @param cacheFile A small JSON file that remembers each file's digest, so that an unchanged one is not read again.
 * It is made if absent; if it is damaged or can't be written, every file is read.
 * @param later Gets the checks of files whose digest is taken as it is: those that carry it are read now without it, and
 * those whose remembered one is old are not.
 * @returns Of one file, its SHA-256 in hex; of several, the SHA-256 of their hex digests, joined in order. Throws a
 * RequestError if a file can't be read, or is damaged: it carries another digest than its own, or is in a Hugging Face
 * cache under another.
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

/** Reads a file of which the digest is remembered, and takes note that it was read. */
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
    throw new DamagedWeights("is damaged, its content changed and its times did not", file);
  }
  if (cacheFile !== undefined) await remember(cacheFile, new Map([[file, { ...known, ...readNow(known) }]]));
}

/**
 * The digest as the files carry it, or `cacheFile` remembers it of files that are unchanged since; `undefined` if that of
 * one is not known. Reads no weights.
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

/** Of one file its own digest, of several the digest of theirs. */
function joined(digests: readonly string[]): string {
  const [only] = digests;
  return only !== undefined && digests.length === 1
    ? only
    : createHash("sha256").update(digests.join("")).digest("hex");
}

/** Reads a file; its digest has to be what the file, or its name in a Hugging Face cache, says. */
async function hashFile(file: string): Promise<string> {
  return await requireSoundBlob(file) ?? await requireSound(file);
}

async function identify(file: string): Promise<FileIdentity> {
  try {
    return await identityOf(file);
  } catch (fault) {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  }
}

/** A file that changed a moment ago is read again by the next that uses it, as it may change unseen. */
function readNow(identity: FileIdentity): Pick<RememberedDigest, "read"> {
  return isSettled(identity) ? { read: Date.now() } : {};
}

/** Damaged entries, or a whole damaged file, are as good as absent. */
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

/** A digit that has flipped in a digest would pass for another model's. */
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

/** Remembers the digest of a file that was just written and hashed, by its real path, so that it need not be read for it. */
export async function rememberDigest(file: string, sha256: string, cacheFile: string): Promise<void> {
  const identity = await identify(file);
  await remember(cacheFile, new Map([[file, { ...identity, sha256, ...readNow(identity) }]]));
}

/** A digest that can't be remembered is only worked out again, so a failure to write is no failure of the run. */
async function remember(cacheFile: string, learned: ReadonlyMap<string, RememberedDigest>): Promise<void> {
  const files = Object.fromEntries([...await recall(cacheFile), ...learned]);
  try {
    await system.mkdir(dirname(cacheFile), { recursive: true });
    await writeAtomically(cacheFile, [new TextEncoder().encode(sealedJson({ files }))]);
  } catch {
    return;
  }
}
