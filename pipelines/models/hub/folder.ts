import { isAbsolute, join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { readJsonObject } from "../../common/files.ts";
import { shardsOf } from "../weights/weights.ts";
import { type AccessOptions, type Environment, hubAccess, hubCache, isOffline } from "./access.ts";
import { isPresent } from "./blob.ts";
import { cachedCommit, type CachedRepository, cachedRepository, partsOf } from "./cache.ts";
import { removeDamaged } from "./damaged_blobs.ts";
import { modelFiles, type Repository, tokenizerFile, usualModelFiles, weightFiles } from "./files.ts";
import { type RepositoryKind, repositoryKinds } from "./repository_kind.ts";
import type { DownloadProgress } from "./snapshot.ts";

/** A request for a Hugging Face model. */
interface HubRequest extends AccessOptions {
  /** `owner/name`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Whether the weights are needed, or only config.json and the tokenizer. */
  readonly weights: boolean;
  readonly progress?: DownloadProgress;
  /** Where the digests of large files are remembered. */
  readonly digestCache?: string;
}

/** A model's folder in the cache. */
interface HubFolder {
  /** The absolute path of the snapshot. */
  readonly folder: string;
  /** Its commit. */
  readonly commit: string;
}

/**
 * The folder of a Hugging Face model in the standard cache; missing files are downloaded into it.
 *
 * @param request The model, and how much of it is needed.
 * @param env Determines the cache, whether downloads are forbidden, the hub and the token.
 * @returns Its location.
 * @throws {RequestError} If the model cannot be obtained.
 */
export async function hubFolder(request: HubRequest, env: Environment): Promise<HubFolder> {
  const { id, revision, weights, progress, digestCache } = request;
  requireRevision(id, revision);
  const repository = cachedRepository(hubCache(env), "model", id);
  const cached = await cachedCommit(repository, revision);
  const lacking = cached === undefined ? undefined : await firstDamaged(request, repository, cached, env) ??
    await firstLacking(repository, cached, weights);
  if (cached !== undefined && lacking === undefined) return found(repository, cached);
  requireOnline({ kind: "model", id, revision }, lacking, repository, env);
  const { downloadSnapshot } = await import("./snapshot.ts");
  // The files that are present decide the commit, so that all parts belong to the same one.
  const choose = (there: Repository) => modelFiles(there, weights);
  const wanted = { kind: "model" as const, id, revision: cached ?? revision, usual: usualModelFiles, choose };
  const access = await hubAccess(env, request);
  return found(repository, await downloadSnapshot({ ...wanted, progress, digestCache }, repository, access));
}

/**
 * Requires that a revision is a name that cannot lead out of its folder.
 *
 * @throws {RequestError} If it is not.
 */
export function requireRevision(id: string, revision: string): void {
  if (revision.split(/[/\\]/).some((part) => part === "" || part === "." || part === "..")) {
    throw new RequestError(`revision ${JSON.stringify(revision)} of ${id} is not a branch, tag or commit; correct it`);
  }
}

/**
 * Requires that downloads are not forbidden.
 *
 * @param lacking The file that a cached snapshot lacks; undefined if there is no snapshot.
 * @throws {RequestError} If they are.
 */
export function requireOnline(
  { kind, id, revision }: { readonly kind: RepositoryKind; readonly id: string; readonly revision: string },
  lacking: string | undefined,
  { cache }: CachedRepository,
  env: Environment,
): void {
  if (!isOffline(env)) return;
  const state = lacking === undefined ? `is not in the cache ${cache}` : `lacks ${lacking} in the cache ${cache}`;
  throw new RequestError(
    `${id} (revision ${revision}) ${state} and HF_HUB_OFFLINE forbids the download; unset it or give ` +
      `${kind === "model" ? "a folder that holds the model" : repositoryKinds[kind].instead}`,
  );
}

function found(repository: CachedRepository, commit: string): HubFolder {
  return { folder: partsOf(repository).snapshot(commit), commit };
}

/**
 * Removes a snapshot's damaged files, except weights, which are checked when they are digested; returns the first one.
 */
async function firstDamaged(
  { warn }: Pick<HubRequest, "warn">,
  repository: CachedRepository,
  commit: string,
  env: Environment,
): Promise<string | undefined> {
  const names = usualModelFiles.filter((name) => name !== weightFiles.single);
  const [first] = await removeDamaged(partsOf(repository).snapshot(commit), names, env, warn);
  return first;
}

/** The first required file that a snapshot lacks: other tools cache only the files that were requested from them. */
async function firstLacking(
  repository: CachedRepository,
  commit: string,
  weights: boolean,
): Promise<string | undefined> {
  const parts = partsOf(repository), snapshot = parts.snapshot(commit), { single, index } = weightFiles;
  if (!await isPresent(join(snapshot, "config.json"))) return "config.json";
  const hasTokenizer = await isPresent(join(snapshot, tokenizerFile)) ||
    await isPresent(parts.absent(commit, tokenizerFile));
  if (!hasTokenizer) return tokenizerFile;
  if (!weights || await isPresent(join(snapshot, single))) return undefined;
  const listed = await readJsonObject(join(snapshot, index), "delete it to download it again");
  if (listed === undefined) return single;
  for (const shard of shardsOf(listed["weight_map"]) ?? []) {
    if (isAbsolute(shard) || !await isPresent(join(snapshot, shard))) return shard;
  }
  return undefined;
}
