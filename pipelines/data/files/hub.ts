/** Data sets on the Hugging Face hub, from the cache shared with Python's huggingface_hub. @module */
import { join } from "node:path";
import { system } from "../../common/system.ts";
import { leaf, optional, text } from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject } from "../../common/files.ts";
import { quote } from "../../common/suggest.ts";
import { frontMatter } from "../../common/yaml.ts";
import { hubAccess, hubCache, isOffline, readEnvironment } from "../../models/hub/access.ts";
import { cachedCommit, cachedRepository, partsOf } from "../../models/hub/cache.ts";
import { removeDamaged } from "../../models/hub/damaged_blobs.ts";
import type { Repository } from "../../models/hub/files.ts";
import { requireOnline, requireRevision } from "../../models/hub/folder.ts";
import type { HubRows } from "./declared.ts";
import { type ClassNames, classNamesOf, withClassNames } from "./features.ts";
import { namesBelow } from "./glob.ts";
import { formOf } from "./hub_forms.ts";
import { copiedFiles, ownFiles, type Wanted } from "./hub_layout.ts";
import type { FileReading, RecordKind } from "./record_kind.ts";

/** The branch on which the hub keeps a copy of data sets as Parquet files. */
const copyBranch = "refs/convert/parquet";

/** A split's files in the cache. */
interface Split {
  readonly commit: string;
  /** Paths within the repository, in order. */
  readonly names: readonly string[];
  readonly folder: string;
  readonly classes: ClassNames;
}

/**
 * The files of a split, downloaded if necessary. The repository's own files are preferred; if it has none that can be
 * read, the hub's Parquet copy is used.
 *
 * @throws {RequestError} If the data set, its configuration or its split is not available.
 */
async function openSplit({ id, config, splitName: split, revision }: HubRows, reading: FileReading): Promise<Split> {
  const wanted = { id, config, split }, own = await findSplit(wanted, revision ?? "main", reading, ownFiles);
  if (own.split !== undefined) return own.split;
  const scripts = own.paths.filter((path) => /^[^/]+\.py$/.test(path));
  const reason = scripts.length > 0
    ? `needs code to load (${scripts[0]}), which is not run`
    : "holds no Parquet, JSON or CSV files";
  if (revision !== undefined) {
    throw new RequestError(
      `${id} (revision ${revision}) ${reason}; omit the revision to read the hub's Parquet copy, or write its ` +
        "rows to a file",
    );
  }
  const copy = await findSplit(wanted, copyBranch, reading, (paths, _, of) => copiedFiles(paths, of)).catch(
    (fault: unknown) => {
      if (!(fault instanceof RequestError) || !/has no revision|(is not|lacks .*) in the cache/.test(fault.problem)) {
        throw fault;
      }
      throw new RequestError(
        `${id} ${reason}, and the hub has no Parquet copy of it; load it in Python and write its rows with to_json(…)`,
      ).causedBy(fault);
    },
  );
  if (copy.split === undefined) throw new TypeError("The Parquet copy chooses its files or fails");
  if (copy.split.names.some((name) => name.includes("/partial-"))) {
    reading.warn?.(`the hub's Parquet copy of ${id} has only the first part of the split ${quote(split ?? "")}`);
  }
  return copy.split;
}

/** Chooses the files of a split, by the repository's paths and its card. */
type Choose = (paths: readonly string[], card: unknown, wanted: Wanted) => readonly string[] | undefined;

/** A split at a revision, and the repository's files; no split if it has none that can be read. */
async function findSplit(
  wanted: Wanted,
  revision: string,
  { hub = {}, warn }: FileReading,
  choose: Choose,
): Promise<{ readonly split: Split | undefined; readonly paths: readonly string[] }> {
  const { id } = wanted, env = hub.env ?? readEnvironment();
  requireRevision(id, revision);
  const repository = cachedRepository(hubCache(env), "dataset", id), parts = partsOf(repository);
  const cached = await cachedCommit(repository, revision);
  const splitOf = (commit: string, names: readonly string[], card: unknown): Split => {
    return { commit, names, folder: parts.snapshot(commit), classes: classNamesOf(infoOf(card, wanted)) };
  };
  if (cached !== undefined) {
    const folder = parts.snapshot(cached);
    await removeDamaged(folder, ["README.md"], env, warn);
    const paths = await namesBelow(folder), card = await cardIn(folder);
    // The cache may hold only part of the repository, left by another program or by an earlier run for another split.
    const names = whole(() => choose(paths, card, wanted));
    const shards = names === "lacking" ? "some" : shardsOf(names ?? []);
    const isWhole = names !== "lacking" && (shards === "all" || shards === "unknown" && isOffline(env));
    if (isWhole && (await removeDamaged(folder, names ?? [], env, warn)).length === 0) {
      return { split: names === undefined ? undefined : splitOf(cached, names, card), paths };
    }
  } else if (isOffline(env) && revision !== copyBranch) {
    const copy = await cachedCommit(repository, copyBranch);
    if (copy !== undefined) return { split: undefined, paths: [] };
  }
  const lacking = cached === undefined
    ? undefined
    : `files of ${wanted.split === undefined ? "it" : `the split ${quote(wanted.split)}`}`;
  requireOnline({ kind: "dataset", id, revision }, lacking, repository, env);
  const { downloadSnapshot } = await import("../../models/hub/snapshot.ts");
  let names: readonly string[] | undefined, card: unknown, all: readonly string[] = [];
  const download = async (there: Repository) => {
    all = there.paths;
    card = await there.has("README.md") ? cardOf(await there.read("README.md")) : undefined;
    names = choose(all, card, wanted);
    return [...(await there.has("README.md") ? ["README.md"] : []), ...names ?? []];
  };
  const request = {
    kind: "dataset" as const,
    id,
    revision: cached ?? revision,
    usual: ["README.md"],
    choose: download,
  };
  const commit = await downloadSnapshot(
    { ...request, progress: hub.progress },
    repository,
    await hubAccess(env, hub),
  );
  return { split: names === undefined ? undefined : splitOf(commit, names, card), paths: all };
}

/** The result of a choice, or that files are missing for it, as in an incomplete repository. */
function whole(choose: () => readonly string[] | undefined): readonly string[] | undefined | "lacking" {
  try {
    return choose();
  } catch (fault) {
    if (fault instanceof RequestError) return "lacking";
    throw fault;
  }
}

/** What the files' names say about the number of shards: `train-00000-of-00002` is one of two. */
function shardsOf(names: readonly string[]): "all" | "some" | "unknown" {
  const groups = Map.groupBy(names, (name) => /^(.*)-\d{5}-of-(\d{5})[^/]*$/.exec(name)?.slice(1).join("-of-"));
  const counts = [...groups].map(([group, found]) => {
    return group === undefined ? "unknown" : Number(group.slice(-5)) === found.length ? "all" : "some";
  });
  if (counts.includes("some")) return "some";
  return counts.length === 0 || counts.includes("unknown") ? "unknown" : "all";
}

const cardOf = (readme: Uint8Array) => frontMatter(new TextDecoder().decode(readme));

async function cardIn(folder: string): Promise<unknown> {
  const readme = await system.readFile(join(folder, "README.md")).catch(() => undefined);
  return readme === undefined ? undefined : cardOf(readme);
}

/** What a card says about a configuration's features. */
function infoOf(card: unknown, { config }: Wanted): unknown {
  const info = isJsonObject(card) ? card["dataset_info"] : undefined;
  if (!Array.isArray(info)) return info;
  return info.find((each) => isJsonObject(each) && each["config_name"] === (config ?? "default"));
}

/** What {@linkcode isDatasetId} accepts. */
export const datasetIds = "the name of a data set, as in owner/name";

/** Whether a value can be the id of a hub data set. */
export const isDatasetId = (value: unknown) =>
  typeof value === "string" && /^([\w.-]{1,96}\/)?[\w.-]{1,96}$/.test(value) && !/--|\.\./.test(value) &&
  value.split("/").every((part) => !/^[-.]|[-.]$/.test(part));

/** `hub(...)`. */
export const hub: RecordKind<HubRows> = {
  settings: {
    id: leaf(datasetIds, isDatasetId),
    config: optional(text),
    splitName: optional(text),
    revision: optional(text),
  },
  withFiles: (rows) => rows,
  async files(rows, reading) {
    const { names, folder, commit } = await openSplit(rows, reading);
    return names.map((name) => ({ name: `hub:${rows.id}@${commit}/${name}`, path: join(folder, name) }));
  },
  async *records(rows, reading) {
    const { names, folder, classes } = await openSplit(rows, reading);
    for (const name of names) {
      for await (const row of formOf(name)!(join(folder, name), reading)) yield withClassNames(row, classes);
    }
  },
};
