/**
 * A repository on its way into the cache: every file checked against the digest that the hub lists, the snapshot's links
 * once all files are whole, the branch's commit last.
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

/** The most that a file may have whose content chooses others, in bytes: an index of shards, or a card. */
const mostRead = 64e6;

/** Called as a download proceeds, with the bytes done, those in total, and the file at hand. */
export type DownloadProgress = (done: number, total: number, file: string) => void;

/** What is wanted of a repository. */
interface SnapshotRequest {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** The names to look for where the hub lists nothing; the first has to be there. */
  readonly usual: readonly string[];
  /** Chooses the files. */
  readonly choose: (repository: Repository) => Promise<readonly string[]>;
  readonly progress?: DownloadProgress | undefined;
  /** Where the digests of large files are remembered, which are known once they were downloaded. */
  readonly digestCache?: string | undefined;
}

/**
 * Downloads a repository into the cache; files that are there stay as they are.
 *
 * @param request Which repository, and what of it.
 * @param repository Where to.
 * @param access Where from, and who asks.
 * @returns The commit. Throws a RequestError, one line with the remedy, if it can't be had, and a DiskError if the disk
 * refuses.
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

/** Which repository. */
type RepositoryName = Pick<SnapshotRequest, "kind" | "id">;

/** Files of one commit, on their way into the cache. */
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
      throw new MalformedAnswer(`${path} is to be read and has ${formatSize(file.size)}`);
    }
    await this.#fetchBlob(file, () => {});
    return await system.readFile(this.#parts.blob(file.digest));
  }

  /**
   * Downloads files, and then gives all of them their names.
   *
   * @returns Those that were not there.
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

  /** Sees that the disk has room for what is still to come. */
  async #requireSpace(files: readonly HubFile[]): Promise<void> {
    let missing = 0;
    for (const { size, digest } of files) {
      const blob = this.#parts.blob(digest), sizes = await Promise.all([blob, `${blob}.incomplete`].map(sizeOf));
      missing += Math.max(0, size - Math.max(...sizes));
    }
    const free = freeSpace(this.#parts.folder);
    if (free === undefined || missing <= free) return;
    throw new DiskError(
      `${this.#parts.folder}: ${this.#of.id} takes ${formatSize(missing)} more and the disk has ${
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
