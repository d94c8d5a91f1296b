/** Digests of files, replacing `common/digest_thread.ts`: files are already read in a separate worker. @module */
import { type DigestedPart, digestParts } from "../../common/file_digest.ts";

/** The digest, computed part by part, so that other work gets its turn. */
export async function digestInThread(part: DigestedPart, signal: AbortSignal): Promise<string> {
  const parts = digestParts(part);
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) throw new Error("it was given up");
  }
}
