/** The kinds of repositories on a hub, and how they differ. @module */

/** The properties of a kind of repository. */
interface RepositoryTraits {
  /** The prefix of an id in the URLs of its page and files. */
  readonly page: string;
  /** Their name in the hub's API. */
  readonly api: string;
  /** The prefix of their names in the cache. */
  readonly cached: string;
  /** Whether files in subfolders are listed, not only those in the top folder. */
  readonly hasFolders: boolean;
  /** Files whose absence the cache remembers. */
  readonly probed: readonly string[];
  /** What can be given instead of one that is unavailable. */
  readonly instead: string;
}

/** Every kind of repository that is read. */
export const repositoryKinds = {
  model: {
    page: "",
    api: "models",
    cached: "models",
    hasFolders: false,
    probed: ["tokenizer.json"],
    instead: "a folder that holds it",
  },
  dataset: {
    page: "datasets/",
    api: "datasets",
    cached: "datasets",
    hasFolders: true,
    probed: ["README.md"],
    instead: "the path of its files",
  },
} as const satisfies Readonly<Record<string, RepositoryTraits>>;

/** A kind of repository. */
export type RepositoryKind = keyof typeof repositoryKinds;

/** A repository's path in the hub's URLs. */
export function pageOf(kind: RepositoryKind, id: string): string {
  return repositoryKinds[kind].page + id;
}
