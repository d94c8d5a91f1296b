/**
 * Safetensors files that carry their own digest in their metadata, so that a bit that flips on a disk does not pass for
 * a weight. Refract seals the weights that it writes; files without a seal are others', and as good as they are.
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

/** The metadata's name for the digest: SHA-256 in hex of the whole file, made while these digits were zeros. */
const name = "refract_digest";
/** Within a JSON string the quotes would be escaped, so that this is found as a member's name alone. */
const member = new TextEncoder().encode(`"${name}":"`);

/** Metadata with room for the seal. */
export function unsealed(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...metadata, [name]: blankDigest };
}

/** Fills a digest in, made of a file whose metadata were {@linkcode unsealed}. */
export function seal(header: Uint8Array, digest: string): void {
  header.set(new TextEncoder().encode(digest), sealOffset(header));
}

/**
 * Requires that a file's metadata have a seal, of a file that Refract wrote.
 *
 * @throws {RequestError} If they have none.
 */
export function requireSeal(file: string, metadata: Readonly<Record<string, string>>): void {
  if (!Object.hasOwn(metadata, name)) throw new RequestError("has lost its digest; it is to be made again", { file });
}

/** A file's digest, and whether it is the one that the file carries, if it carries any. */
interface ContentDigest {
  /** SHA-256 in hex; of a sealed file, of the whole but for its seal. */
  readonly digest: string;
  readonly isSound: boolean;
}

/**
 * Reads a whole file.
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
    const buffer = new Uint8Array(4 << 20);
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
 * Requires that a file is as its seal says, if it has one.
 *
 * @throws {RequestError} If it is not.
 */
export async function requireSound(path: string): Promise<string> {
  const { digest, isSound } = await contentDigest(path);
  if (isSound) return digest;
  throw damaged(path);
}

/** The digest that a sealed file carries, and what checks all of the file against it. */
export interface CarriedDigest {
  /** SHA-256 in hex, unchecked. */
  readonly digest: string;
  /** Reads the file in a thread of its own. Throws {@linkcode DamagedWeights} if it is not what was written. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

/** The digest that a file carries, of which the header alone is read; undefined if it carries none. */
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

/** A safetensors file's header with its length before it; of another file as much as there is. */
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

/** The member's name is damaged itself where no more of its bytes than this are others. */
const mostDamaged = 2;

/**
 * Where the digits of the seal start, −1 if there are none. They are found after a damaged name, too, or the file would
 * pass for one that never had a seal.
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
