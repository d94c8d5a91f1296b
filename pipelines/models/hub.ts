import { isAbsolute, join, resolve } from "node:path";
import { RequestError } from "../errors.ts";
import { readFileIfPresent, readJsonObject } from "./files.ts";
import { shardsOf } from "./weights.ts";

/** The environment variables that the Hugging Face cache and its downloads heed. */
const variables = [
  "HF_HUB_CACHE",
  "HUGGINGFACE_HUB_CACHE",
  "HF_HOME",
  "XDG_CACHE_HOME",
  "HOME",
  "USERPROFILE",
  "HF_HUB_OFFLINE",
  "HF_ENDPOINT",
  "HF_TOKEN",
] as const;

/** Environment variables by name; an empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Told of a download: bytes done of all that are to come, and the file at hand. */
export type DownloadProgress = (done: number, total: number, file: string) => void;

/** What is wanted of a Hugging Face model. */
export interface HubRequest {
  /** `owner/name`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Whether the weights are needed too, or config.json and the tokenizer alone. */
  readonly weights: boolean;
  readonly progress?: DownloadProgress;
}

/** Reads the process's environment, those variables alone that matter here. */
export function readEnvironment(): Environment {
  return Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)]));
}

/**
 * The folder of a Hugging Face model in the standard cache; what the cache lacks is downloaded into it.
 *
 * @param request Which model, and how much of it.
 * @param env `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME` and `HOME` place the cache, `HF_HUB_OFFLINE` forbids
 * downloads, `HF_ENDPOINT` and `HF_TOKEN` say where from and who asks.
 * @returns Absolute path of the snapshot. Throws a RequestError if the model can't be had.
 */
export async function hubFolder(request: HubRequest, env: Environment): Promise<string> {
  const { id, revision } = request;
  if (revision.split(/[/\\]/).some((part) => part === "" || part === "." || part === "..")) {
    throw new RequestError(`revision ${JSON.stringify(revision)} of ${id} is not a branch, tag or commit; correct it`);
  }
  const cache = hubCache(env);
  const repository = join(cache, `models--${id.replace("/", "--")}`);
  const snapshot = await cachedSnapshot(repository, revision);
  const lacking = snapshot === undefined ? undefined : await firstLacking(snapshot, request.weights);
  if (snapshot !== undefined && lacking === undefined) return snapshot;

  const state = lacking === undefined ? `is not in the cache ${cache}` : `lacks ${lacking} in the cache ${cache}`;
  if (/^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? "")) {
    throw new RequestError(
      `${id} (revision ${revision}) ${state} and HF_HUB_OFFLINE forbids the download; unset it or give a folder that ` +
        `holds the model`,
    );
  }
  const { downloadSnapshot } = await import("./hub_download.ts");
  return await downloadSnapshot(request, {
    repository,
    endpoint: (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, ""),
    ...(env["HF_TOKEN"] ? { token: env["HF_TOKEN"] } : {}),
  });
}

/** The standard cache folder, as huggingface_hub places it. */
function hubCache(env: Environment): string {
  const home = env["HOME"] || env["USERPROFILE"];
  const expand = (path: string) => home && /^~(?=[/\\]|$)/.test(path) ? home + path.slice(1) : path;
  const hub = env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"];
  if (hub) return resolve(expand(hub));
  if (env["HF_HOME"]) return resolve(expand(env["HF_HOME"]), "hub");
  const caches = env["XDG_CACHE_HOME"] || (home && join(home, ".cache"));
  if (caches) return resolve(expand(caches), "huggingface", "hub");
  throw new RequestError("no folder is known for the Hugging Face cache; set HF_HOME, or give a folder with the model");
}

async function cachedSnapshot(repository: string, revision: string): Promise<string | undefined> {
  let commit = revision;
  if (!/^[0-9a-f]{40}$/.test(revision)) {
    const ref = await readFileIfPresent(join(repository, "refs", revision));
    commit = new TextDecoder().decode(ref).trim();
    if (!/^[0-9a-f]{40}$/.test(commit)) return undefined;
  }
  const snapshot = join(repository, "snapshots", commit);
  return await isPresent(snapshot) ? snapshot : undefined;
}

/** The first file that a snapshot has to have and lacks: other tools cache only those that they were asked for. */
async function firstLacking(snapshot: string, weights: boolean): Promise<string | undefined> {
  for (const name of ["config.json", "tokenizer.json"]) {
    if (!await isPresent(join(snapshot, name))) return name;
  }
  if (!weights || await isPresent(join(snapshot, "model.safetensors"))) return undefined;
  const index = await readJsonObject(join(snapshot, "model.safetensors.index.json"), "delete it to download it again");
  if (index === undefined) return "model.safetensors";
  for (const shard of shardsOf(index["weight_map"]) ?? []) {
    if (isAbsolute(shard) || !await isPresent(join(snapshot, shard))) return shard;
  }
  return undefined;
}

/** Follows links: one whose blob is gone counts as absent. */
async function isPresent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
