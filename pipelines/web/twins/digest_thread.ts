/** Digests of files, in the place of `common/digest_thread.ts`: what reads files is in a worker of its own already. @module */
import { type DigestedPart, digestParts } from "../../common/file_digest.ts";

/** The digest, made part by part, so that others have their turns. */
export async function digestInThread(part: DigestedPart, signal: AbortSignal): Promise<string> {
  const parts = digestParts(part);
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) throw new Error("it was given up");
  }
}
