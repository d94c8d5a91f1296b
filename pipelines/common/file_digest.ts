/** The digest of what is in a file, made here or, as it takes about a second for a gigabyte, in a thread of its own. @module */
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

/** SHA-256, in hex. Throws what the system says if the file can't be read. */
export function digestOfPart({ path, start, blank }: DigestedPart): string {
  using file = system.openSync(path);
  file.seekSync(start, system.SeekMode.Start);
  const hash = createHash("sha256"), buffer = new Uint8Array(4 << 20), zeros = new TextEncoder().encode(blankDigest);
  for (let at = start, count; (count = file.readSync(buffer)) !== null; at += count) {
    const chunk = buffer.subarray(0, count);
    if (blank !== undefined && blank < at + count && blank + zeros.length > at) {
      const first = Math.max(blank, at), last = Math.min(blank + zeros.length, at + count);
      chunk.set(zeros.subarray(first - blank, last - blank), first - at);
    }
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** What the thread answers. */
type DigestReply = { readonly digest: string } | { readonly fault: string };

/** What the thread answers to a request. */
export function replyTo(part: DigestedPart): DigestReply {
  try {
    return { digest: digestOfPart(part) };
  } catch (fault) {
    return { fault: faultText(fault) };
  }
}

/**
 * {@linkcode digestOfPart} in a thread of its own.
 *
 * @param signal Ends the thread.
 * @returns The digest. Throws an Error that says why, if the file can't be read or the thread was ended.
 */
export async function digestInThread(part: DigestedPart, signal: AbortSignal): Promise<string> {
  const worker = new Worker(new URL("./file_digest_worker.ts", import.meta.url), { type: "module" });
  try {
    const reply = await new Promise<DigestReply>((resolve) => {
      signal.addEventListener("abort", () => resolve({ fault: "it was given up" }), { once: true });
      worker.onmessage = ({ data }: MessageEvent<DigestReply>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ fault: event.message });
      };
      worker.postMessage(part);
    });
    if ("digest" in reply) return reply.digest;
    throw new Error(reply.fault);
  } finally {
    worker.terminate();
  }
}
