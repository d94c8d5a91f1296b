/**
 * What a hub says of a repository: the commit of a revision, its files, their sizes and digests.
 *
 * @module
 */
import { listFiles, modelInfo } from "@huggingface/hub";
import type { HubFile } from "./blob.ts";
import { HubRefusal } from "./transport.ts";

/** A repository at one commit. */
export interface Listing {
  /** Forty hex digits. */
  readonly commit: string;
  /** The files of its uppermost folder. */
  readonly paths: readonly string[];
  /** Size and digest of one of them. */
  file(path: string): Promise<HubFile>;
}

/** An answer that is not a hub's, or one that would lead out of the cache. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** What is asked, and how. */
export interface ListingRequest {
  /** `owner/name`. */
  readonly id: string;
  readonly revision: string;
  readonly endpoint: string;
  /** As of `hubFetch`. */
  readonly fetch: typeof fetch;
}

/**
 * Lists a model's repository: by the hub's tree, or, on a mirror that has none, by the names beside the commit and a
 * request for each file's headers, as huggingface_hub does.
 *
 * @returns The listing. Throws a {@linkcode MalformedAnswer}, or what the requests throw.
 */
export async function listRepository({ id, revision, endpoint, fetch }: ListingRequest): Promise<Listing> {
  const common = { hubUrl: endpoint, fetch };
  const { sha, filePaths } = await sound(() =>
    modelInfo({ name: id, revision, additionalFields: ["sha", "filePaths"], ...common })
  );
  const commit = commitName(sha);
  try {
    const listed = await sound(() => Array.fromAsync(listFiles({ repo: id, revision: commit, ...common })));
    const files = new Map(
      listed.filter(({ type, path }) => type === "file" && isPlain(path)).map((entry) => [entry.path, entry]),
    );
    return {
      commit,
      paths: [...files.keys()],
      file(path) {
        const entry = files.get(path)!;
        return Promise.resolve(soundFile(path, entry.lfs?.size ?? entry.size, entry.lfs?.oid ?? entry.oid));
      },
    };
  } catch (fault) {
    if (!(fault instanceof HubRefusal && fault.status === 404 && filePaths.length > 0)) throw fault;
    const base = fileUrl(endpoint, id, commit, "");
    return { commit, paths: filePaths.filter(isPlain), file: (path) => fileByHeaders(base, path, fetch) };
  }
}

/** Where a hub has a file. */
export function fileUrl(endpoint: string, id: string, commit: string, path: string): string {
  return `${endpoint}/${id}/resolve/${commit}/${encodeURIComponent(path)}`;
}

/** A repository lists what is in its folders, too; a name with a path in it could lead elsewhere. */
function isPlain(path: string): boolean {
  return !/[/\\]/.test(path) && path !== ".." && path !== ".";
}

/** The headers tell a large file's digest apart from that of the pointer to it. */
async function fileByHeaders(base: string, path: string, fetch: typeof globalThis.fetch): Promise<HubFile> {
  let url = base + encodeURIComponent(path);
  for (let redirects = 0; redirects < 5; redirects++) {
    const headers = { "accept-encoding": "identity" };
    const { status, headers: found } = await fetch(url, { method: "HEAD", redirect: "manual", headers });
    const next = URL.parse(found.get("location") ?? "", url), tag = found.get("x-linked-etag") ?? found.get("etag");
    const isMoved = status >= 300 && next !== null && next.origin === new URL(url).origin && tag === null;
    if (!isMoved) {
      const size = found.get("x-linked-size") ?? found.get("content-length");
      return soundFile(path, size === null ? NaN : Number(size), tag?.replace(/^W\//, "").replaceAll('"', ""));
    }
    url = next.href;
  }
  throw new MalformedAnswer(`${path} is redirected in a circle`);
}

function soundFile(path: string, size: unknown, digest: unknown): HubFile {
  if (!(typeof size === "number" && Number.isSafeInteger(size) && size >= 0)) {
    throw new MalformedAnswer(`the size of ${path} is ${JSON.stringify(size)}`);
  }
  if (typeof digest !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)) {
    throw new MalformedAnswer(`the digest of ${path} is ${JSON.stringify(digest)}`);
  }
  return { path, size, digest };
}

function commitName(sha: unknown): string {
  if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) return sha;
  throw new MalformedAnswer(`the commit is ${JSON.stringify(sha)}`);
}

/** What the client of the hub gives; what it can't make of an answer is the answer's fault, a {@linkcode MalformedAnswer}. */
export async function sound<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (fault) {
    const isMisread = fault instanceof SyntaxError ||
      fault instanceof TypeError && /undefined|null|not iterable|not a function/.test(fault.message);
    throw isMisread ? new MalformedAnswer("the answer is not what was asked for") : fault;
  }
}
