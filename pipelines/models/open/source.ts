import { basename, isAbsolute, resolve } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { pathProblem } from "../../common/declared_path.ts";
import { faultText } from "../../common/files.ts";
import { type AccessOptions, readEnvironment } from "../hub/access.ts";
import { hubFolder } from "../hub/folder.ts";
import type { DownloadProgress } from "../hub/snapshot.ts";
import { digestCacheOf } from "../weights/weights_digest.ts";
import { builtinFiles, builtinFolder } from "./builtin.ts";
import { requireListedFiles } from "./listed_files.ts";

/** Options of {@linkcode resolveModelFolder}. */
export interface SourceOptions extends AccessOptions {
  /** The base folder of relative paths. */
  readonly base: string;
  /** A branch, tag or commit of a Hugging Face model; `main` if absent. */
  readonly revision?: string;
  /** False if config.json and the tokenizer are enough, so that weights may be missing. True if absent. */
  readonly weights?: boolean;
  /** Called as a download proceeds. */
  readonly progress?: DownloadProgress;
  /** The store's folder, which keeps converted GGUF files; they cannot be opened without it. */
  readonly store?: string;
  /** Called as the weights of a GGUF file are converted. */
  readonly converting?: DownloadProgress;
}

/** Where a model's files came from. */
export type ModelOrigin = "builtin" | "folder" | "converted" | "hub";

/** Where a model's files are. */
interface ModelFolder {
  /** Absolute path. */
  readonly folder: string;
  /** The model's name: `owner/name`, `builtin:NAME`, or the name of the folder or GGUF file. */
  readonly name: string;
  readonly origin: ModelOrigin;
  /** The commit of a Hugging Face model. */
  readonly commit?: string;
}

const BUILTIN = "builtin:";
const HUB_ID = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;

/**
 * Finds a model's folder, downloading it if necessary, or converting it from a GGUF file.
 *
 * @param source `builtin:NAME`, a folder or a file whose name ends in `.gguf` (absolute, or relative to `base`), or a
 * Hugging Face id `owner/name`. An id is looked up in the standard Hugging Face cache and downloaded into it if it is
 * not there.
 * @param options Where to look and what is needed.
 * @returns The folder and the model's name.
 * @throws {RequestError} If there is no such model or it cannot be obtained; one line with the remedy.
 */
export async function resolveModelFolder(source: string, options: SourceOptions): Promise<ModelFolder> {
  if (source.startsWith(BUILTIN)) {
    refuseRevision(source, options);
    const name = source.slice(BUILTIN.length);
    return { folder: await builtinFolder(name, options.store), name: source, origin: "builtin" };
  }
  const path = resolve(options.base, source);
  if (source !== "" && await isFolder(path)) {
    refuseRevision(source, options);
    await requireListedFiles(path);
    return { folder: await system.realPath(path), name: basename(path), origin: "folder" };
  }
  if (isGgufPath(source)) {
    refuseRevision(source, options);
    return await ggufFolder(source, options);
  }
  await requireModelName(source, options.base);
  const { revision = "main", weights = true, env = readEnvironment() } = options;
  const digestCache = options.store === undefined ? {} : { digestCache: digestCacheOf(options.store) };
  const found = await hubFolder({ ...options, ...digestCache, id: source, revision, weights }, env);
  return { ...found, name: source, origin: "hub" };
}

/**
 * Rejects a source of {@linkcode resolveModelFolder} that names no model, as far as is known without the hub.
 *
 * @param base The base folder of relative paths.
 * @throws {RequestError} If there is no such builtin model, folder or file, or an id could not be one.
 */
export async function requireModelName(source: string, base: string): Promise<void> {
  if (source.startsWith(BUILTIN)) {
    builtinFiles(source.slice(BUILTIN.length));
    return;
  }
  if (source !== "" && await isFolder(resolve(base, source))) return;
  const isGguf = isGgufPath(source), isPath = isAbsolute(source) || /^\.{1,2}([/\\]|$)/.test(source);
  if (!isGguf && !isPath && isHubId(source)) return;
  if (system.build.os === "browser" && /^https?:/.test(source)) {
    throw new RequestError(`the model ${JSON.stringify(source)} is a URL; give what modelAt(…) returns for it`);
  }
  const problem = await pathProblem(base, source, isGguf ? "file" : "folder");
  if (isGguf && problem === undefined) return;
  throw new RequestError(
    isGguf || isPath
      ? `the model ${JSON.stringify(source)} ${problem}`
      : `the model ${JSON.stringify(source)} ${
        problem ?? "has no name; give a folder"
      } (or builtin:NAME, or an id of ` +
        "Hugging Face, owner/name)",
  );
}

/** Whether a source is an id by the hub's rule, which also prevents it from leaving the cache. */
export function isHubId(source: string): boolean {
  return HUB_ID.test(source) && !/--|\.\./.test(source) &&
    source.split("/").every((part) => !/^[-.]|[-.]$/.test(part));
}

/** Whether a source is the path of a GGUF file. */
export function isGgufPath(source: string): boolean {
  return /\.gguf$/i.test(source) && !source.startsWith(BUILTIN);
}

async function ggufFolder(
  source: string,
  { base, store, weights = true, converting, signal, warn }: SourceOptions,
): Promise<ModelFolder> {
  await requireModelName(source, base);
  if (store === undefined) throw new TypeError("Expected a store to keep the converted model in");
  const path = resolve(base, source), name = basename(path), { convertedFolder } = await import("../gguf/folder.ts");
  const progress = (done: number, total: number) => {
    signal?.throwIfAborted();
    converting?.(done, total, name);
  };
  const options = { weights, progress, ...warn === undefined ? {} : { warn } };
  return {
    folder: await convertedFolder(await system.realPath(path), resolve(store), options),
    name,
    origin: "converted",
  };
}

function refuseRevision(source: string, { revision }: SourceOptions): void {
  if (revision === undefined) return;
  throw new RequestError(
    `revision ${JSON.stringify(revision)} has no meaning for ${isGgufPath(source) ? "the file" : "the folder"} ${
      JSON.stringify(source)
    }; omit it`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await system.stat(path)).isDirectory;
  } catch (fault) {
    if (fault instanceof system.errors.NotFound || fault instanceof system.errors.NotADirectory) return false;
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: path });
  }
}
