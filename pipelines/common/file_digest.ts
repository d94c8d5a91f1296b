/** The digest of what is in a file. @module */
import { createHash } from "node:crypto";
import { system } from "./system.ts";
import { faultText } from "./files.ts";

/** What of a file is digested. */
export interface DigestedPart {
  readonly path: string;
  /** The first byte; the last is the file's. */
  readonly start: number;
  /** Where the file carries its own digest, in hex: these digits count as zeros. */
  readonly blank?: number;
}

/** As many digits as a SHA-256 has in hex, before it is known. */
export const blankDigest = "0".repeat(64);

/** How much is digested at a time. */
const chunkBytes = 4 << 20;

/** SHA-256, in hex. Throws what the system says if the file can't be read. */
export function digestOfPart(part: DigestedPart): string {
  for (const parts = digestParts(part);;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

/** {@linkcode digestOfPart}, with a break after each part of the file. */
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

/** What the thread answers. */
export type DigestReply = { readonly digest: string } | { readonly fault: string };

/** What the thread answers to a request. */
export function replyTo(part: DigestedPart): DigestReply {
  try {
    return { digest: digestOfPart(part) };
  } catch (fault) {
    return { fault: faultText(fault) };
  }
}
