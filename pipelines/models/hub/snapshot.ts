/**
 * Downloading a repository into the cache: every file is checked against the digest that the hub lists, the snapshot's
 * links are created once all files are complete, and the branch's commit is recorded last.
 *
 * `snapshotDownload` of @huggingface/hub prints to standard output, resumes nothing and checks no digest.
 *
 * @module
 */
import { join } from "node:path";
import { system } from "../../common/system.ts";
import { DiskError } from "../../common/errors.ts";
import { freeSpace } from "../../common/free_space.ts";
import { formatSize } from "../../common/size.ts";
import type { HubAccess } from "./access.ts";
import { MalformedAnswer, wholeAnswers } from "./body.ts";
import { downloadBlob, type HubFile, isPresent } from "./blob.ts";
import { type CachedRepository, linkBlob, partsOf, writeAbsence, writeRef } from "./cache.ts";
import { isSound } from "./damaged_blobs.ts";
import type { Repository } from "./files.ts";
import { fileUrl, type Listing, listRepository } from "./listing.ts";
import { hubError, withReason } from "./hub_errors.ts";
import { type RepositoryKind, repositoryKinds } from "./repository_kind.ts";
import { rememberDigest } from "../weights/weights_digest.ts";
import { HubError, hubFetch } from "./transport.ts";

/** The maximum size in bytes of a file whose content selects others: an index of shards, or a card. */
const mostRead = 64e6;

/** Called as a download proceeds, with the bytes done, the total, and the current file. */
export type DownloadProgress = (done: number, total: number, file: string) => void;

/** A request for a repository's files. */
interface SnapshotRequest {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** The names to request if the hub lists no files; the first must exist. */
  readonly usual: readonly string[];
  /** Chooses the files. */
  readonly choose: (repository: Repository) => Promise<readonly string[]>;
  readonly progress?: DownloadProgress | undefined;
  /** Where the digests of large files are remembered; they are known after the download. */
  readonly digestCache?: string | undefined;
}

/**
 * Downloads a repository into the cache; existing files are kept.
 *
 * @param request The repository, and which of its files.
 * @param repository The destination.
 * @param access The hub and the token.
 * @returns The commit.
 * @throws {RequestError} If it cannot be obtained; one line with the remedy.
 * @throws {DiskError} If the disk can't be written.
 */
export async function downloadSnapshot(
  request: SnapshotRequest,
  repository: CachedRepository,
  access: HubAccess,
): Promise<string> {
  const { kind, id, revision, usual } = request, fetchHub = hubFetch(access), { endpoint, timings } = access;
  const ask = wholeAnswers(fetchHub, timings.patience);
  try {
    const listing = await listRepository({ kind, id, revision, usual, endpoint, fetch: ask }).catch(
      async (fault) => {
        throw await withReason({ kind, id }, fault, access, ask);
      },
    );
    const transfer = new Transfer({ kind, id }, listing, repository, access, fetchHub);
    const paths = await request.choose({
      id,
      paths: listing.paths,
      has: (path) => listing.has(path),
      read: (path) => transfer.read(path),
    });
    const downloaded = await transfer.all(paths, request.progress);
    for (const { digest } of downloaded) {
      if (digest.length !== 64 || request.digestCache === undefined) continue;
      await rememberDigest(await system.realPath(partsOf(repository).blob(digest)), digest, request.digestCache);
    }
    for (const path of repositoryKinds[kind].probed) {
      if (!listing.paths.includes(path)) await writeAbsence(repository, listing.commit, path);
    }
    await writeRef(repository, revision, listing.commit);
    return listing.commit;
  } catch (fault) {
    throw hubError(fault, { kind, id, revision, access });
  }
}

/** The kind and id of a repository. */
type RepositoryName = Pick<SnapshotRequest, "kind" | "id">;

/** The download of one commit's files into the cache. */
class Transfer {
  readonly #of: RepositoryName;
  readonly #listing: Listing;
  readonly #parts: ReturnType<typeof partsOf>;
  readonly #access: HubAccess;
  readonly #fetch: typeof fetch;

  constructor(
    of: RepositoryName,
    listing: Listing,
    repository: CachedRepository,
    access: HubAccess,
    fetchHub: typeof fetch,
  ) {
    this.#of = of;
    this.#listing = listing;
    this.#parts = partsOf(repository);
    this.#access = access;
    this.#fetch = fetchHub;
  }

  /** A file's content. */
  async read(path: string): Promise<Uint8Array> {
    const inSnapshot = this.#inSnapshot(path);
    if (await isPresent(inSnapshot)) return await system.readFile(inSnapshot);
    const file = await this.#listing.file(path);
    if (file.size > mostRead) {
      throw new MalformedAnswer(`${path} is too large to read, ${formatSize(file.size)}`);
    }
    await this.#fetchBlob(file, () => {});
    return await system.readFile(this.#parts.blob(file.digest));
  }

  /**
   * Downloads files, and then links all of them.
   *
   * @returns Those that were missing.
   */
  async all(paths: readonly string[], progress: DownloadProgress | undefined): Promise<readonly HubFile[]> {
    const files: HubFile[] = [];
    for (const path of paths) {
      if (!await isPresent(this.#inSnapshot(path))) files.push(await this.#listing.file(path));
    }
    const total = files.reduce((sum, { size }) => sum + size, 0);
    await this.#requireSpace(files);
    let done = 0, reported = 0;
    const report = (bytes: number, file: HubFile) => {
      if (bytes > reported) progress?.(reported = bytes, total, file.path);
    };
    for (const file of files) {
      await this.#fetchBlob(file, (bytes) => report(done + bytes, file));
      report(done += file.size, file);
    }
    for (const { path, digest } of files) await linkBlob(this.#parts.blob(digest), this.#inSnapshot(path));
    return files;
  }

  /** Requires that the disk has room for the remaining files. */
  async #requireSpace(files: readonly HubFile[]): Promise<void> {
    let missing = 0;
    for (const { size, digest } of files) {
      const blob = this.#parts.blob(digest), sizes = await Promise.all([blob, `${blob}.incomplete`].map(sizeOf));
      missing += Math.max(0, size - Math.max(...sizes));
    }
    const free = freeSpace(this.#parts.folder);
    if (free === undefined || missing <= free) return;
    throw new DiskError(
      `${this.#parts.folder}: ${this.#of.id} needs ${formatSize(missing)} more, but the disk has ${
        formatSize(free)
      } left; ` +
        "free some space, or set HF_HUB_CACHE to a folder on another disk",
    );
  }

  #inSnapshot(path: string): string {
    return join(this.#parts.snapshot(this.#listing.commit), path);
  }

  async #fetchBlob(file: HubFile, report: (bytes: number) => void): Promise<void> {
    const blob = this.#parts.blob(file.digest);
    if (await isPresent(blob)) {
      if (await isSound(blob)) return;
      await system.remove(blob).catch(() => {});
    }
    const { kind, id } = this.#of, url = fileUrl(this.#access.endpoint, kind, id, this.#listing.commit, file.path);
    const paths = { url, blob, lock: this.#parts.lock(file.digest) };
    await downloadBlob(file, paths, this.#access, this.#fetch, report).catch((fault) => {
      throw fault instanceof HubError ? fault.about(file.path) : fault;
    });
  }
}

/** The size of a file; 0 if there is none. */
function sizeOf(path: string): Promise<number> {
  return system.stat(path).then(({ size }) => size, () => 0);
}
