/** What kinds of repositories a hub has, and in what they differ. @module */

/** What is to be known of a kind of repository. */
interface RepositoryTraits {
  /** What an id begins with in the address of its page and of its files. */
  readonly page: string;
  /** What the hub's programming interface calls them. */
  readonly api: string;
  /** What their names in the cache begin with. */
  readonly cached: string;
  /** Whether files in folders are listed, too; else those of the uppermost folder alone. */
  readonly hasFolders: boolean;
  /** Files whose absence the cache remembers. */
  readonly probed: readonly string[];
  /** What can be given instead of one that can't be had. */
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

/** A repository as the hub's addresses have it. */
export function pageOf(kind: RepositoryKind, id: string): string {
  return repositoryKinds[kind].page + id;
}
