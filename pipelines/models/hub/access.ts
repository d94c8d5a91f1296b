/**
 * How this process reaches a hub: where it is, who asks, where the cache is, how patient a request is. All of it comes
 * from the environment variables that huggingface_hub heeds.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { join, resolve } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { readFileIfPresent } from "../../common/files.ts";

/** The environment variables that the Hugging Face cache and its downloads obey. */
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

/** Reads the process's environment, those variables alone that matter here. */
export function readEnvironment(): Environment {
  return Object.fromEntries(variables.map((name) => [name, system.env.get(name)]));
}

/** How long things may take, in milliseconds, and how often they are tried. */
export interface HubTimings {
  /** How often a request is sent, and how often a file's connection may break without having brought much. */
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pause: number;
  /** The longest wait that a server may ask for; one that asks for more counts as refusing. */
  readonly longestPause: number;
  /** A server that sends nothing for this long counts as absent. */
  readonly patience: number;
  /** Between two looks at whether another process has finished a file. */
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

/** What a caller may say of how a hub is reached. */
export interface HubOptions {
  /** Instead of the process's environment. */
  readonly env?: Environment;
  /** Instead of {@linkcode defaultHubTimings}. */
  readonly timings?: HubTimings;
}

/** An access token, and where it was found. */
interface HubToken {
  readonly value: string;
  /** `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` or the path of the token file. */
  readonly from: string;
}

/** Who asks which hub, and how patiently. */
export interface HubAccess {
  /** Base URL of the hub, without a final slash. */
  readonly endpoint: string;
  readonly token: HubToken | undefined;
  readonly timings: HubTimings;
  /** Gives up what is under way when it is aborted, with its reason. */
  readonly signal: AbortSignal | undefined;
  /** Called with a message about a wait that a person would wonder about. */
  readonly warn: (message: string) => void;
}

/** What of an access a caller decides. */
export interface AccessOptions extends HubOptions {
  readonly signal?: AbortSignal;
  readonly warn?: (message: string) => void;
}

/**
 * The access that the environment gives: `HF_ENDPOINT`, and a token of `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` or the file
 * that `huggingface-cli login` leaves (`HF_TOKEN_PATH`, else `token` in `HF_HOME`).
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

/** The endpoint as a person may see it: without the name and password that its URL may hold. */
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
  throw new RequestError(`${from} holds characters that no token has; set it to a token of the hub, or leave it empty`);
}

/** The home of Hugging Face's tools; undefined where the environment does not say. */
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
 * The standard cache folder, as huggingface_hub places it: `HF_HUB_CACHE`, or `hub` in `HF_HOME`.
 *
 * @throws {RequestError} If the environment names neither, nor a home.
 */
export function hubCache(env: Environment): string {
  const cache = env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"], home = hubHome(env);
  if (cache) return resolve(expandHome(cache, env));
  if (home !== undefined) return resolve(home, "hub");
  throw new RequestError("no folder is known for the Hugging Face cache; set HF_HOME, or give a folder with the model");
}

/** {@linkcode hubCache}, or undefined where the environment names none. */
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
