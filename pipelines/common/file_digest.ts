/** The digest of a file's content. @module */
import { createHash } from "node:crypto";
import { system } from "./system.ts";
import { faultText } from "./files.ts";

/** The part of a file to digest. */
export interface DigestedPart {
  readonly path: string;
  /** The first byte; the last one is the file's. */
  readonly start: number;
  /** Where the file contains its own digest, in hex: these digits count as zeros. */
  readonly blank?: number;
}

/** A placeholder with as many digits as a SHA-256 in hex. */
export const blankDigest = "0".repeat(64);

/** How much is digested at a time. */
const chunkBytes = 1 << 20;

/** SHA-256, in hex. Throws the system's error if the file cannot be read. */
export function digestOfPart(part: DigestedPart): string {
  for (const parts = digestParts(part);;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

/** {@linkcode digestOfPart}, pausing after each part of the file. */
export function* digestParts({ path, start, blank }: DigestedPart): Generator<undefined, string> {
  using file = system.openSync(path);
  file.seekSync(start, system.SeekMode.Start);
  const hash = createHash("sha256"), buffer = new Uint8Array(chunkBytes), zeros = new TextEncoder().encode(blankDigest);
  for (let at = start, count; (count = file.readSync(buffer)) !== null; at += count) {
    const chunk = buffer.subarray(0, count);
    if (blank !== undefined && blank < at + count && blank + zeros.length > at) {
      const first = Math.max(blank, at), last = Math.min(blank + zeros.length, at + count);
      chunk.set(zeros.subarray(first - blank, last - blank), first - at);
    }
    hash.update(chunk);
    yield;
  }
  return hash.digest("hex");
}

/** The thread's reply. */
export type DigestReply = { readonly digest: string } | { readonly fault: string };

/** The thread's reply to a request. */
export function replyTo(part: DigestedPart): DigestReply {
  try {
    return { digest: digestOfPart(part) };
  } catch (fault) {
    return { fault: faultText(fault) };
  }
}
