/**
 * The cache that Hugging Face's tools share: contents in `blobs`, relative links to them in `snapshots/<commit>`, the
 * commit of a branch or tag in `refs`, and the files that a commit is known to lack in `.no_exist/<commit>`.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { system } from "../../common/system.ts";
import { syncFolder } from "../../common/durable.ts";
import { readFileIfPresent, writeAtomically } from "../../common/files.ts";
import { isPresent, orUnwritable } from "./blob.ts";
import { type RepositoryKind, repositoryKinds } from "./repository_kind.ts";

/** A repository's folder in the cache. */
export interface CachedRepository {
  /** The cache's own folder. */
  readonly cache: string;
  /** The repository's name in it, for example `models--owner--name`. */
  readonly name: string;
}

/** A repository's location in a cache. */
export function cachedRepository(cache: string, kind: RepositoryKind, id: string): CachedRepository {
  return { cache, name: `${repositoryKinds[kind].cached}--${id.replace("/", "--")}` };
}

/** Whether a revision is a full commit hash. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** The paths of a repository's parts. */
export function partsOf({ cache, name }: CachedRepository) {
  const repository = join(cache, name);
  return {
    folder: repository,
    blob: (digest: string): string => join(repository, "blobs", digest),
    lock: (digest: string): string => join(cache, ".locks", name, `${digest}.lock`),
    ref: (revision: string): string => join(repository, "refs", revision),
    snapshot: (commit: string): string => join(repository, "snapshots", commit),
    absent: (commit: string, path: string): string => join(repository, ".no_exist", commit, path),
  };
}

/** The commit of a revision, if it is in the cache. */
export async function cachedCommit(repository: CachedRepository, revision: string): Promise<string | undefined> {
  const parts = partsOf(repository);
  const commit = isCommit(revision)
    ? revision
    : new TextDecoder().decode(await readFileIfPresent(parts.ref(revision))).trim();
  return isCommit(commit) && await isPresent(parts.snapshot(commit)) ? commit : undefined;
}

/** Records the commit of a branch or tag. */
export async function writeRef(repository: CachedRepository, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return;
  const ref = partsOf(repository).ref(revision);
  await makeFolder(dirname(ref));
  await writeAtomically(ref, [new TextEncoder().encode(commit)]);
}

/** Records that a commit lacks a file. */
export async function writeAbsence(repository: CachedRepository, commit: string, path: string): Promise<void> {
  const mark = partsOf(repository).absent(commit, path);
  await makeFolder(dirname(mark));
  await writeAtomically(mark, []);
}

/** Links a blob under its name in a snapshot. */
export async function linkBlob(blob: string, path: string): Promise<void> {
  if (await isPresent(path)) return;
  await makeFolder(dirname(path));
  await system.remove(path).catch(() => {}); // a link whose blob was missing
  await orUnwritable(path, async () => {
    await system.symlink(relative(dirname(path), blob), path).catch((fault: unknown) => {
      if (fault instanceof system.errors.AlreadyExists) return; // by another process
      return system.link(blob, path); // where symbolic links are not allowed
    });
    await syncFolder(dirname(path));
  });
}

async function makeFolder(path: string): Promise<void> {
  await orUnwritable(path, () => system.mkdir(path, { recursive: true }));
}
