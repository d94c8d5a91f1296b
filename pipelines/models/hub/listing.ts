/**
 * A hub's listing of a repository: the commit of a revision, its files, their sizes and digests.
 *
 * @module
 */
import { datasetInfo, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import type { HubFile } from "./blob.ts";
import { MalformedAnswer } from "./body.ts";
import { describeFile, soundFile } from "./file_headers.ts";
import { leavesFolder } from "../../common/inner_path.ts";
import { pageOf, type RepositoryKind, repositoryKinds } from "./repository_kind.ts";
import { HubError } from "./transport.ts";

/** A repository at one commit. */
export interface Listing {
  /** The commit, forty hex digits. */
  readonly commit: string;
  /** Its files, as paths with slashes: for a model those in the top folder, for a data set all. */
  readonly paths: readonly string[];
  /** Whether it has a file, even one that is not among its paths because the hub lists no files. */
  has(path: string): Promise<boolean>;
  /** The size and digest of a file. */
  file(path: string): Promise<HubFile>;
}

/** A request for a listing. */
interface ListingRequest {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly id: string;
  readonly revision: string;
  /** The names to request one by one if the hub lists no files; the first must exist. */
  readonly usual: readonly string[];
  readonly endpoint: string;
  /** A `fetch` from `hubFetch`. */
  readonly fetch: typeof fetch;
}

/**
 * Lists a repository: by the hub's tree; on a mirror without it, by the names next to the commit and a request for each
 * file's headers; on a mirror with nothing but the files, by requesting the usual ones, like huggingface_hub and
 * transformers.
 *
 * @returns The listing. Throws a {@linkcode MalformedAnswer}, or the requests' errors.
 */
export async function listRepository(request: ListingRequest): Promise<Listing> {
  const described = await sound(() => describe[request.kind](request)).catch(async (fault: unknown) => {
    // A real hub gives a code for the reason why something is absent.
    const listing = isAbsent(fault) && fault.code === "" ? await listUsual(request) : undefined;
    if (listing === undefined) throw fault;
    return listing;
  });
  if ("paths" in described) return described;
  const commit = commitName(described.sha), { filePaths } = described;
  try {
    return await listTree(request, commit);
  } catch (fault) {
    if (!isAbsent(fault)) throw fault;
    if (filePaths.length > 0) return listNames(request, commit, filePaths.filter((path) => isOwn(request.kind, path)));
    const listing = await listUsual({ ...request, revision: commit });
    if (listing === undefined) throw fault;
    return listing;
  }
}

function isAbsent(fault: unknown): fault is HubError {
  return fault instanceof HubError && fault.status === 404;
}

async function listTree({ kind, id, endpoint, fetch }: ListingRequest, commit: string): Promise<Listing> {
  const recursive = repositoryKinds[kind].hasFolders;
  const ask = { repo: { type: kind, name: id }, recursive, revision: commit, hubUrl: endpoint, fetch: byPages(fetch) };
  const entries = await sound(() => atMost(most.entries, listFiles(ask)));
  const files = new Map(
    entries.filter(({ type, path }) => type === "file" && isOwn(kind, path)).map((entry) => [entry.path, entry]),
  );
  return {
    commit,
    paths: [...files.keys()],
    has: (path) => Promise.resolve(files.has(path)),
    file(path) {
      const entry = files.get(path)!;
      return Promise.resolve(soundFile(path, entry.lfs?.size ?? entry.size, entry.lfs?.oid ?? entry.oid));
    },
  };
}

/** The limits of a listing; the hub's pages have a thousand entries. */
const most = { pages: 1000, entries: 200_000 } as const;

/** A `fetch` for the pages of one listing, each of which links to the next. */
function byPages(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  const asked = new Set<string>();
  return async (input, init) => {
    const url = String(input);
    if (asked.has(url)) throw new MalformedAnswer("a page of its files names itself as the next");
    if (asked.add(url).size > most.pages) throw new MalformedAnswer(`its files have more than ${most.pages} pages`);
    return await fetch(input, init);
  };
}

/** The entries of a listing, which the hub's client does not validate. */
async function atMost(count: number, items: AsyncIterable<ListFileEntry>): Promise<readonly ListFileEntry[]> {
  const taken: ListFileEntry[] = [];
  for await (const item of items) {
    if (typeof item?.path !== "string") throw new MalformedAnswer("a file that it lists has no path");
    if (taken.push(item) > count) throw new MalformedAnswer(`it lists more than ${count} files`);
  }
  return taken;
}

function listNames({ kind, id, endpoint, fetch }: ListingRequest, commit: string, paths: readonly string[]): Listing {
  return {
    commit,
    paths,
    has: (path) => Promise.resolve(paths.includes(path)),
    file: async (path) => (await describeFile(fileUrl(endpoint, kind, id, commit, path), path, fetch)).file,
  };
}

/** Lists the usual files; undefined if the first of them does not exist. */
async function listUsual(request: ListingRequest): Promise<Listing | undefined> {
  const { kind, id, revision, endpoint, fetch, usual: [first = "", ...others] } = request;
  const describe = async (of: string, path: string) => {
    try {
      return await describeFile(fileUrl(endpoint, kind, id, of, path), path, fetch);
    } catch (fault) {
      if (isAbsent(fault)) return undefined;
      throw fault;
    }
  };
  const found = await describe(revision, first);
  if (found === undefined) return undefined;
  const commit = commitName(found.commit), files = new Map([[first, found.file]]);
  const look = async (path: string): Promise<boolean> => {
    const file = files.get(path) ?? (await describe(commit, path))?.file;
    if (file !== undefined) files.set(path, file);
    return file !== undefined;
  };
  for (const path of others) await look(path);
  return { commit, paths: [...files.keys()], has: look, file: (path) => Promise.resolve(files.get(path)!) };
}

/** The URL of a file on a hub. */
export function fileUrl(endpoint: string, kind: RepositoryKind, id: string, revision: string, path: string): string {
  const within = path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${pageOf(kind, id)}/resolve/${encodeURIComponent(revision)}/${within}`;
}

/** Whether a file of such a repository may be read; a name that contains a path could lead elsewhere. */
function isOwn(kind: RepositoryKind, path: string): boolean {
  if (!repositoryKinds[kind].hasFolders) return !/[/\\]/.test(path) && path !== ".." && path !== ".";
  return !leavesFolder(path) && !path.includes("\\") && !path.split("/").includes(".");
}

/** Requests the commit, and the names of a repository's files if the hub returns them with it. */
const describe: {
  readonly [K in RepositoryKind]: (request: ListingRequest) => Promise<{ sha: unknown; filePaths: readonly string[] }>;
} = {
  model: ({ id, revision, endpoint, fetch }) =>
    modelInfo({ name: id, revision, additionalFields: ["sha", "filePaths"], hubUrl: endpoint, fetch }),
  dataset: async ({ id, revision, endpoint, fetch }) => ({
    filePaths: [],
    ...await datasetInfo({ name: id, revision, additionalFields: ["sha"], hubUrl: endpoint, fetch }),
  }),
};

function commitName(sha: unknown): string {
  if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) return sha;
  throw new MalformedAnswer(`the commit is ${JSON.stringify(sha)}`);
}

/** The result of the hub's client; a response that it cannot parse is a {@linkcode MalformedAnswer}. */
export async function sound<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (fault) {
    const isMisread = fault instanceof SyntaxError ||
      fault instanceof TypeError && /undefined|null|not iterable|not a function/.test(fault.message);
    throw isMisread ? new MalformedAnswer("the answer is not what was asked for") : fault;
  }
}
