/**
 * How this process accesses a hub: its endpoint, the token, the cache and the timeouts. All of it comes from the
 * environment variables that huggingface_hub uses.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { join, resolve } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { readFileIfPresent } from "../../common/files.ts";

/** The environment variables that affect the Hugging Face cache and its downloads. */
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
  "HUGGING_FACE_HUB_TOKEN",
  "HF_TOKEN_PATH",
] as const;

/** Environment variables by name; an empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the relevant variables of the process's environment. */
export function readEnvironment(): Environment {
  return Object.fromEntries(variables.map((name) => [name, system.env.get(name)]));
}

/** The timeouts in milliseconds, and the number of attempts. */
export interface HubTimings {
  /** How often a request is sent, and how often a file's connection may break without much progress. */
  readonly attempts: number;
  /** The pause before the second attempt, doubled before each further one. */
  readonly pause: number;
  /** The longest wait that a server may request; a longer one counts as a refusal. */
  readonly longestPause: number;
  /** A server that sends nothing for this long counts as unreachable. */
  readonly patience: number;
  /** The interval for checking whether another process has finished a file. */
  readonly poll: number;
}

/** The timings of a command. */
const defaultHubTimings: HubTimings = {
  attempts: 5,
  pause: 500,
  longestPause: 60_000,
  patience: 30_000,
  poll: 100,
};

/** A caller's options for accessing a hub. */
export interface HubOptions {
  /** Replaces the process's environment. */
  readonly env?: Environment;
  /** Replaces {@linkcode defaultHubTimings}. */
  readonly timings?: HubTimings;
}

/** An access token, and where it was found. */
interface HubToken {
  readonly value: string;
  /** `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` or the path of the token file. */
  readonly from: string;
}

/** The hub, the token and the timings of an access. */
export interface HubAccess {
  /** The base URL of the hub, without a trailing slash. */
  readonly endpoint: string;
  readonly token: HubToken | undefined;
  readonly timings: HubTimings;
  /** Ends all requests when it is aborted, with its reason. */
  readonly signal: AbortSignal | undefined;
  /** Called with a message about an unusually long wait. */
  readonly warn: (message: string) => void;
}

/** The parts of an access that a caller decides. */
export interface AccessOptions extends HubOptions {
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

/**
 * The access from the environment: `HF_ENDPOINT`, and the token in `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` or the file
 * that `huggingface-cli login` writes (`HF_TOKEN_PATH`, else `token` in `HF_HOME`).
 *
 * @throws {RequestError} If the endpoint is not a URL, or the token can't be one.
 */
export async function hubAccess(env: Environment, options: AccessOptions): Promise<HubAccess> {
  const endpoint = (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new RequestError(
      `HF_ENDPOINT ${JSON.stringify(endpoint)} is not a URL; write it as in https://huggingface.co`,
    );
  }
  const { timings = defaultHubTimings, signal, warn = () => {} } = options;
  return { endpoint, token: await findToken(env), timings, signal, warn };
}

/** The endpoint for messages, without the name and password that its URL may contain. */
export function shownEndpoint({ endpoint }: Pick<HubAccess, "endpoint">): string {
  return endpoint.replace(/^(https?:\/\/)[^/]*@/i, "$1");
}

async function findToken(env: Environment): Promise<HubToken | undefined> {
  for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
    const token = soundToken(ownValue(env, name) ?? "", name);
    if (token !== undefined) return token;
  }
  const home = hubHome(env), file = env["HF_TOKEN_PATH"] || (home && join(home, "token"));
  if (!file) return undefined;
  const path = resolve(expandHome(file, env));
  return soundToken(new TextDecoder().decode(await readFileIfPresent(path)), path);
}

function soundToken(text: string, from: string): HubToken | undefined {
  const value = text.trim();
  if (value === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return { value, from };
  throw new RequestError(
    `${from} contains characters that are not valid in a token; set it to a token of the hub, or leave it empty`,
  );
}

/** The home folder of Hugging Face's tools; undefined if the environment does not determine it. */
function hubHome(env: Environment): string | undefined {
  if (env["HF_HOME"]) return expandHome(env["HF_HOME"], env);
  const home = env["HOME"] || env["USERPROFILE"], caches = env["XDG_CACHE_HOME"] || (home && join(home, ".cache"));
  return caches ? join(expandHome(caches, env), "huggingface") : undefined;
}

function expandHome(path: string, env: Environment): string {
  const home = env["HOME"] || env["USERPROFILE"];
  return home && /^~(?=[/\\]|$)/.test(path) ? home + path.slice(1) : path;
}

/**
 * The standard cache folder of huggingface_hub: `HF_HUB_CACHE`, or `hub` in `HF_HOME`.
 *
 * @throws {RequestError} If the environment names neither of them, nor a home folder.
 */
export function hubCache(env: Environment): string {
  const cache = env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"], home = hubHome(env);
  if (cache) return resolve(expandHome(cache, env));
  if (home !== undefined) return resolve(home, "hub");
  throw new RequestError("no folder is known for the Hugging Face cache; set HF_HOME, or give a folder with the model");
}

/** {@linkcode hubCache}, or undefined if the environment names none. */
export function knownHubCache(env: Environment): string | undefined {
  try {
    return hubCache(env);
  } catch (fault) {
    if (fault instanceof RequestError) return undefined;
    throw fault;
  }
}

/** Whether `HF_HUB_OFFLINE` forbids every request. */
export function isOffline(env: Environment): boolean {
  return /^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? "");
}
