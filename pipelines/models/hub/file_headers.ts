/**
 * A file's size, digest and commit from its HTTP headers. huggingface_hub relies on them, so every mirror has them.
 *
 * @module
 */
import type { HubFile } from "./blob.ts";
import { MalformedAnswer } from "./body.ts";
import { HubError } from "./transport.ts";

/** A file as described by its headers. */
interface DescribedFile {
  readonly file: HubFile;
  /** `X-Repo-Commit`, unchecked; null if no response has it. */
  readonly commit: string | null;
}

/**
 * Requests a file's headers, following redirects within the hub.
 *
 * @param url The file's URL on the hub.
 * @param path Its name.
 * @param fetch A `fetch` from `hubFetch`.
 * @returns The description; for a large file, the digest of the file, not of its pointer. Throws a
 * {@linkcode MalformedAnswer}, a {@linkcode HubError} about the file, or the request's error.
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

/** A file as described by a hub. Throws a {@linkcode MalformedAnswer} if its size or digest is invalid. */
export function soundFile(path: string, size: unknown, digest: unknown): HubFile {
  if (!(typeof size === "number" && Number.isSafeInteger(size) && size >= 0)) {
    throw new MalformedAnswer(`the size of ${path} is ${JSON.stringify(size)}`);
  }
  if (typeof digest !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)) {
    throw new MalformedAnswer(`the digest of ${path} is ${JSON.stringify(digest)}`);
  }
  return { path, size, digest };
}
