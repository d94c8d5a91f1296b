/**
 * Finds the files of a data set's repository that hold a split, as Python's datasets does: by the card's `configs`, by
 * the names of files and folders, or in the hub's own Parquet copy.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { isJsonObject } from "../../common/files.ts";
import { quote, suggest } from "../../common/suggest.ts";
import { formOf } from "./hub_forms.ts";
import { matching } from "./glob.ts";

/** What is requested. */
export interface Wanted {
  readonly id: string;
  readonly config: string | undefined;
  readonly split: string | undefined;
}

/** A configuration of a data set: its splits, and the patterns of their files. */
interface Config {
  readonly name: string;
  readonly isDefault: boolean;
  readonly splits: () => Splits;
}

/** The files of each split. */
type Splits = ReadonlyMap<string, readonly string[]>;

/** The words that mark files and folders as holding a split. */
const words = new Map([
  ["train", ["train", "training"]],
  ["validation", ["validation", "valid", "dev", "val"]],
  ["test", ["test", "testing", "eval", "evaluation"]],
]);

/** Files that describe a data set. */
const descriptions = ["README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json"];

/**
 * The files of a split in a repository that holds the data set's own files.
 *
 * @param paths All files of the repository.
 * @param card The README's front matter.
 * @returns In order. `undefined` if the repository holds no file that can be read. Throws a RequestError if it has no
 * such configuration or split, or more than one and none is named.
 */
export function ownFiles(paths: readonly string[], card: unknown, wanted: Wanted): readonly string[] | undefined {
  const configs = configsOf(paths.filter(isData), card);
  if (configs === undefined) return undefined;
  return filesOf(configs, wanted);
}

/**
 * The files of a split in the hub's Parquet copy, whose paths are `<config>/<split>/<number>.parquet`.
 *
 * @throws {RequestError} If it has no such configuration or split, or more than one and none is named.
 */
export function copiedFiles(paths: readonly string[], wanted: Wanted): readonly string[] {
  const grouped = Map.groupBy(paths.filter((path) => path.endsWith(".parquet")), (path) => path.split("/")[0]!);
  const configs = [...grouped].map(([name, files]): Config => ({
    name,
    isDefault: name === "default",
    splits: () => Map.groupBy(files, (path) => path.split("/")[1]!.replace(/^partial-/, "")),
  }));
  return filesOf(configs, wanted);
}

function filesOf(configs: readonly Config[], { id, config, split }: Wanted): readonly string[] {
  const names = configs.map(({ name }) => name);
  const chosen = config === undefined
    ? configs.length === 1 ? configs[0] : configs.find(({ isDefault }) => isDefault)
    : configs.find(({ name }) => name === config);
  if (chosen === undefined) {
    throw new RequestError(
      config === undefined
        ? `${id} has the configurations ${listed(names)}; give one, as in config: ${quote(names[0] ?? "")}`
        : `${id} has no configuration ${quote(config)}; ${suggest(config, names)}`,
    );
  }
  const splits = chosen.splits(), known = [...splits.keys()];
  if (split === undefined && known.length > 1) {
    throw new RequestError(`${id} has the splits ${listed(known)}; give one, as in split: ${quote(known[0]!)}`);
  }
  const files = splits.get(split ?? known[0] ?? "");
  if (files !== undefined && files.length > 0) return files.toSorted();
  const part = split === undefined ? null : /^([^[]+)\[.*\]$/.exec(split)?.[1];
  throw new RequestError(
    part !== null && part !== undefined && splits.has(part)
      ? `the split ${quote(split!)} of ${id} is part of a split; write split: ${
        quote(part)
      } and take the part with .slice(…)`
      : `${id} has no split ${quote(split ?? "")}; ${suggest(split ?? "", known)}`,
  );
}

const listed = (names: readonly string[]) =>
  names.slice(0, 12).map(quote).join(", ") + (names.length > 12 ? `, … (${names.length})` : "");

/** Whether a file may hold rows: it is neither hidden nor in a hidden folder. */
function isData(path: string): boolean {
  const parts = path.split("/"), name = parts.at(-1)!;
  return !descriptions.includes(name) && !parts.some((part) => /^(\.|__)/.test(part)) && formOf(path) !== undefined;
}

function configsOf(paths: readonly string[], card: unknown): readonly Config[] | undefined {
  const declared = isJsonObject(card) && Array.isArray(card["configs"]) ? card["configs"].filter(isJsonObject) : [];
  const configs = declared.map((config): Config => {
    const { config_name: name = "default", data_files: files, data_dir: folder, default: isDefault } = config;
    return {
      name: String(name),
      isDefault: isDefault === true || name === "default",
      splits: () =>
        files === undefined ? splitsByName(within(paths, folder)) : splitsByPattern(within(paths, folder), files),
    };
  });
  if (configs.length > 0) return configs.some(({ splits }) => splits().size > 0) ? configs : undefined;
  if (paths.length === 0) return undefined;
  return [{ name: "default", isDefault: true, splits: () => splitsByName(paths) }];
}

const within = (paths: readonly string[], folder: unknown) =>
  typeof folder === "string" ? paths.filter((path) => path.startsWith(`${folder.replace(/^\.?\/|\/$/g, "")}/`)) : paths;

/** The files of splits that a card declares: `[{ split, path }]`, `{ split: path }`, a path or a list of them. */
function splitsByPattern(paths: readonly string[], declared: unknown): Splits {
  const patterns: [string, unknown][] = [];
  if (isJsonObject(declared)) patterns.push(...Object.entries(declared));
  else {
    for (const entry of Array.isArray(declared) ? declared : [declared]) {
      patterns.push(isJsonObject(entry) ? [String(entry["split"] ?? "train"), entry["path"]] : ["train", entry]);
    }
  }
  const splits = new Map<string, string[]>();
  for (const [split, pattern] of patterns) {
    for (const each of Array.isArray(pattern) ? pattern : [pattern]) {
      if (typeof each !== "string") continue;
      const found = matching(each.replace(/^\.\//, ""), paths);
      if (found.length > 0) splits.getOrInsertComputed(split, () => []).push(...found);
    }
  }
  return splits;
}

/** The files of splits by their names: shards under data/, then folders, then files, and otherwise all in one split. */
function splitsByName(paths: readonly string[]): Splits {
  const shards = Map.groupBy(
    paths,
    (path) => /^data\/([\w.]+(?:-[\w.]+)*?)-\d{5}-of-\d{5}[^/]*\./.exec(path)?.[1] ?? "",
  );
  shards.delete("");
  if (shards.size > 0) return shards;
  const inFolders = byWords((word) => new RegExp(`(^|/)([^/]*[-._ 0-9])?${word}([-._ 0-9][^/]*)?/`), paths);
  if (inFolders.size > 0) return inFolders;
  const inNames = byWords((word) => new RegExp(`(^|/)([^/]*[-._ 0-9])?${word}[-._ 0-9][^/]*$`), paths);
  return inNames.size > 0 ? inNames : new Map([["train", paths]]);
}

function byWords(pattern: (word: string) => RegExp, paths: readonly string[]): Splits {
  const splits = [...words].map(([split, known]): [string, readonly string[]] => {
    const patterns = known.map(pattern);
    return [split, paths.filter((path) => patterns.some((each) => each.test(path)))];
  });
  return new Map(splits.filter(([, found]) => found.length > 0));
}
