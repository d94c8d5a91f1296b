/**
 * What the headers of a file say: its size, its digest, and the commit that it is of. huggingface_hub trusts them, so
 * every mirror has them.
 *
 * @module
 */
import type { HubFile } from "./blob.ts";
import { MalformedAnswer } from "./body.ts";
import { HubError } from "./transport.ts";

/** A file by its headers. */
interface DescribedFile {
  readonly file: HubFile;
  /** `X-Repo-Commit`, unchecked; null where no answer has it. */
  readonly commit: string | null;
}

/**
 * Asks for a file's headers, along redirects within the hub.
 *
 * @param url Where the hub has the file.
 * @param path Its name.
 * @param fetch As of `hubFetch`.
 * @returns What they say; a large file's digest apart from that of the pointer to it. Throws a
 * {@linkcode MalformedAnswer}, a {@linkcode HubError} about the file, or what the request throws.
 */
export async function describeFile(
  url: string,
  path: string,
  fetch: typeof globalThis.fetch,
): Promise<DescribedFile> {
  let commit: string | null = null;
  for (let redirects = 0; redirects < 5; redirects++) {
    const headers = { "accept-encoding": "identity" };
    const { status, headers: found } = await fetch(url, { method: "HEAD", redirect: "manual", headers }).catch(
      (fault: unknown) => {
        throw fault instanceof HubError ? fault.about(path) : fault;
      },
    );
    commit ??= found.get("x-repo-commit");
    const next = URL.parse(found.get("location") ?? "", url), tag = found.get("x-linked-etag") ?? found.get("etag");
    const isMoved = status >= 300 && next !== null && next.origin === new URL(url).origin && tag === null;
    if (!isMoved) {
      const size = found.get("x-linked-size") ?? found.get("content-length");
      const digest = tag?.replace(/^W\//, "").replaceAll('"', "");
      return { file: soundFile(path, size === null ? NaN : Number(size), digest), commit };
    }
    url = next.href;
  }
  throw new MalformedAnswer(`${path} is redirected in a circle`);
}

/** A file as a hub describes it. Throws a {@linkcode MalformedAnswer} if its size or digest can't be one. */
export function soundFile(path: string, size: unknown, digest: unknown): HubFile {
  if (!(typeof size === "number" && Number.isSafeInteger(size) && size >= 0)) {
    throw new MalformedAnswer(`the size of ${path} is ${JSON.stringify(size)}`);
  }
  if (typeof digest !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)) {
    throw new MalformedAnswer(`the digest of ${path} is ${JSON.stringify(digest)}`);
  }
  return { path, size, digest };
}
