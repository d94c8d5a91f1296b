/** Safetensors files with their own digest in their metadata, so that a bit flipped on a disk is noticed. Refract seals the
 * weights that it writes; files without a seal come from elsewhere and are accepted as they are.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { system, type SystemFile } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { digestInThread } from "../../common/digest_thread.ts";
import { blankDigest } from "../../common/file_digest.ts";
import { faultText, readUpTo } from "../../common/files.ts";
import { DamagedWeights } from "./damaged_weights.ts";

/**
 * The metadata key of the digest: the SHA-256 in hex of the whole file, computed with zeros in place of these digits.
 */
const name = "refract_digest";
/** Within a JSON string the quotes would be escaped, so that this only matches a key. */
const member = new TextEncoder().encode(`"${name}":"`);

/** Metadata with room for the seal. */
export function unsealed(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...metadata, [name]: blankDigest };
}

/** Fills in the digest of a file with {@linkcode unsealed} metadata. */
export function seal(header: Uint8Array, digest: string): void {
  header.set(new TextEncoder().encode(digest), sealOffset(header));
}

/**
 * Requires that the metadata of a file that Refract wrote have a seal.
 *
 * @throws {RequestError} If they have none.
 */
export function requireSeal(file: string, metadata: Readonly<Record<string, string>>): void {
  if (!Object.hasOwn(metadata, name)) throw new RequestError("has lost its digest and has to be made again", { file });
}

/** A file's digest, and whether it equals the one in the file, if there is one. */
interface ContentDigest {
  /** The SHA-256 in hex; for a sealed file, with zeros in place of its seal. */
  readonly digest: string;
  readonly isSound: boolean;
}

/**
 * Reads and digests a whole file.
 *
 * @throws {RequestError} If it can't be read.
 */
export async function contentDigest(path: string): Promise<ContentDigest> {
  const hash = createHash("sha256");
  try {
    using file = await system.open(path);
    const start = await readStart(file), offset = sealOffset(start);
    const carried = sealIn(start, offset), isSealed = carried !== undefined;
    if (isSealed) seal(start, blankDigest);
    hash.update(start);
    const buffer = new Uint8Array(1 << 20);
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    const digest = hash.digest("hex");
    return { digest, isSound: !isSealed || digest === carried };
  } catch (fault) {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: path });
  }
}

/**
 * Requires that a file matches its seal, if it has one.
 *
 * @throws {RequestError} If it does not.
 */
export async function requireSound(path: string): Promise<string> {
  const { digest, isSound } = await contentDigest(path);
  if (isSound) return digest;
  throw damaged(path);
}

/** The digest in a sealed file, and a check of the whole file against it. */
export interface CarriedDigest {
  /** The SHA-256 in hex, unchecked. */
  readonly digest: string;
  /** Reads the file in a separate thread. Throws {@linkcode DamagedWeights} if it has changed since it was written. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

/** The digest in a file, of which only the header is read; undefined if there is none. */
export async function carriedDigest(path: string): Promise<CarriedDigest | undefined> {
  const unreadable = (fault: unknown) => {
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: path });
  };
  const start = await startOf(path).catch(unreadable), blank = sealOffset(start), digest = sealIn(start, blank);
  if (digest === undefined) return undefined;
  const check = async (signal: AbortSignal) => {
    const found = await digestInThread({ path, start: 0, blank }, signal).catch(unreadable);
    if (found !== digest) throw damaged(path);
  };
  return { digest, check };
}

function damaged(file: string): DamagedWeights {
  return new DamagedWeights("is damaged, its content has changed since it was written", file);
}

async function startOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = await system.open(path);
  return await readStart(file);
}

/** The longest header that is searched for a seal, in bytes. */
const longest = 100_000_000;

/** A safetensors file's header, preceded by its length; for another file, as much as there is. */
async function readStart(file: SystemFile): Promise<Uint8Array<ArrayBuffer>> {
  const prefix = await readUpTo(file, 8);
  if (prefix.length < 8) return prefix;
  const length = new DataView(prefix.buffer).getBigUint64(0, true), { size } = await file.stat();
  if (length > BigInt(Math.min(longest, size - 8))) return prefix;
  const header = await readUpTo(file, Number(length)), start = new Uint8Array(8 + header.length);
  start.set(prefix);
  start.set(header, 8);
  return start;
}

/** The digits of the seal, if there is one. */
function sealIn(header: Uint8Array, offset: number): string | undefined {
  const end = offset + blankDigest.length;
  return offset < 0 || header.length < end ? undefined : new TextDecoder().decode(header.subarray(offset, end));
}

/** If at most this many bytes of the key differ, the key itself is damaged. */
const mostDamaged = 2;

/**
 * The offset of the seal's digits, −1 if there are none. They are also found after a damaged key, since otherwise the
 * file would look like one that never had a seal.
 */
function sealOffset(header: Uint8Array): number {
  for (let at = header.indexOf(member[0]!); at >= 0; at = header.indexOf(member[0]!, at + 1)) {
    let others = 0;
    for (let index = 1; index < member.length && others <= mostDamaged; index++) {
      if (header[at + index] !== member[index]) others++;
    }
    if (others <= mostDamaged) return at + member.length;
  }
  return -1;
}
