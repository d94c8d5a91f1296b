/** The digest of a file's content, computed in its own thread, because it takes about a second per gigabyte. @module */
import type { DigestedPart, DigestReply } from "./file_digest.ts";

/**
 * The digest of a part of a file.
 *
 * @param signal Ends the thread.
 * @returns The digest. Throws an Error with the reason if the file cannot be read or the thread was ended.
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
