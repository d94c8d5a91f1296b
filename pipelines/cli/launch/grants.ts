/**
 * What the program of each command may do. A pipeline file is a program too, and may do what its command may.
 *
 * @module
 */

import { type Proxies, proxyVariables } from "../../common/proxies.ts";
import { gpuTool } from "../../doctor/machine.ts";

/** Deno's permissions by name; those with a list are limited to it. */
export interface Grants {
  readonly read: true | readonly string[];
  readonly write?: true | readonly string[];
  /** Hosts whose modules may be imported; none if omitted. */
  readonly import?: readonly string[];
  /** ONNX Runtime, which is native code. */
  readonly ffi?: true;
  readonly sys?: readonly string[];
  /** Programs that may be started. */
  readonly run?: readonly string[];
  readonly net?: readonly string[];
  readonly env: readonly string[];
}

/**
 * What a command that accesses few paths reads and writes: its path arguments, the store; or, only for writing, caches.
 */
export type Place = "arguments" | "store" | "caches";

/** The hosts that Deno lets any program import from. */
const importHosts = [
  "deno.land:443",
  "jsr.io:443",
  "esm.sh:443",
  "raw.esm.sh:443",
  "cdn.jsdelivr.net:443",
  "raw.githubusercontent.com:443",
  "gist.githubusercontent.com:443",
] as const;

/** Works offline; the library that prints the help reads CLICOLOR_FORCE. */
const offline = { read: true, env: ["INIT_CWD", "CLICOLOR_FORCE"] } as const satisfies Grants;

/** What the YAML library reads. */
const yaml = ["LOG_TOKENS", "LOG_STREAM"] as const;

/** May reach the Hugging Face hub, or the mirror that HF_ENDPOINT names. */
const hub = {
  read: true,
  env: [
    ...offline.env,
    "HOME",
    "USERPROFILE",
    "XDG_CACHE_HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_ENDPOINT",
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_TOKEN_PATH",
  ],
  net: ["huggingface.co", "*.huggingface.co", "*.hf.co"],
} as const satisfies Grants;

/** Loads a pipeline and uses a store. */
const pipeline = {
  ...hub,
  write: true,
  import: importHosts,
  sys: ["statfs"],
  env: [...hub.env, ...yaml, "REFRACT_STORE_TOKEN"],
} as const satisfies Grants;

/** Loads a pipeline and decides how to run it by the machine's memory. */
const planning = { ...pipeline, sys: [...pipeline.sys, "systemMemoryInfo"] } as const satisfies Grants;

/** Loads a pipeline and runs models; other processes with the same store identify this machine by its host name. */
const models = { ...planning, ffi: true, sys: [...planning.sys, "hostname"] } as const satisfies Grants;

/** Opens given models, and uses a store. */
const store = { ...hub, write: true, sys: ["statfs"], env: pipeline.env } as const satisfies Grants;

/** The permissions of each command, in the order of the help. */
const grants = {
  new: { ...offline, write: true },
  run: models,
  plan: planning,
  workflow: { ...planning, sys: [...planning.sys, "cpus"] },
  unit: { ...models, sys: [...models.sys, "cpus"] },
  rows: pipeline,
  data: pipeline,
  chat: { ...store, ffi: true },
  serve: { ...store, ffi: true, net: [...store.net, "127.0.0.1"] },
  activations: { ...store, ffi: true },
  score: offline,
  judge: { ...offline, write: true, sys: ["statfs"] },
  recipes: { ...offline, env: [...offline.env, ...yaml] },
  report: { ...offline, write: true, env: [...offline.env, ...yaml] },
  watch: { ...offline, net: ["127.0.0.1"], env: [...offline.env, ...yaml] },
  import: { ...hub, write: true, sys: ["statfs"] },
  export: store,
  merge: { ...store, ffi: true },
  push: { ...hub, net: [...hub.net, "*.amazonaws.com"], env: [...hub.env, ...yaml] },
  pull: store,
  doctor: {
    ...store,
    ffi: true,
    net: [...hub.net, "pypi.org", "files.pythonhosted.org"],
    sys: ["statfs", "cpus", "systemMemoryInfo"],
    env: [...store.env, "TMPDIR"],
  },
  cache: { ...offline, write: true, sys: ["statfs"] },
} as const satisfies Readonly<Record<string, Grants>>;

/** The commands that access few paths; `watch` writes nothing. */
const places: Readonly<Partial<Record<keyof typeof grants, Place>>> = {
  report: "arguments",
  watch: "arguments",
  cache: "store",
  plan: "caches",
  rows: "caches",
  data: "caches",
};

/** A command of the command line, or a group of commands, by its name. */
export type CommandName = keyof typeof grants;

/** All of them, in the order of the help. */
export const commandNames = Object.keys(grants).filter(isCommandName);

/** Whether there is a command with this name. */
export function isCommandName(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(grants, name);
}

/** What a command's program may do here; without a command it shows the help. */
export function grantsOf(command: CommandName | undefined, endpoint: string | undefined): Grants {
  const granted: Grants = command === undefined ? offline : grants[command];
  const host = URL.parse(endpoint ?? "")?.host;
  return granted.net === undefined || !granted.env.includes("HF_ENDPOINT") || host === undefined || host === ""
    ? granted
    : { ...granted, net: [...granted.net, host] };
}

/** What writing to an MLflow server needs: its host, and the variables from which its own client reads a password. */
export function withMlflow(granted: Grants, address: string): Grants {
  const host = URL.parse(address)?.host ?? "";
  if (host === "") return granted;
  const env = ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"];
  return { ...granted, net: [...granted.net ?? [], host], env: [...granted.env, ...env] };
}

/**
 * What a store with a shared cache's URL needs: its host, and the proxies that it is reached by.
 *
 * @param proxies Those of the environment.
 */
export function withStore(granted: Grants, address: string, proxies: Proxies = {}): Grants {
  const host = URL.parse(address)?.host ?? "";
  if (host === "") return granted;
  const { HTTP_PROXY, HTTPS_PROXY } = proxies;
  const through = [HTTP_PROXY, HTTPS_PROXY].map(hostOfProxy).filter((each) => each !== undefined);
  const env = through.length === 0 ? granted.env : [...granted.env, ...proxyVariables];
  return { ...granted, net: [...new Set([...granted.net ?? [], host, ...through])], env };
}

/** The host and port of a proxy. */
function hostOfProxy(address = ""): string | undefined {
  const url = URL.parse(address);
  if (url === null || url.hostname === "") return undefined;
  return `${url.hostname}:${url.port === "" ? url.protocol === "https:" ? 443 : 80 : url.port}`;
}

/** What calling a judge needs: its host, and the variable that holds its key. */
export function withJudge(granted: Grants, address: string, key: string | undefined): Grants {
  const host = URL.parse(address)?.host ?? "";
  return {
    ...granted,
    ...host === "" ? {} : { net: [host] },
    env: isVariable(key) ? [...granted.env, key] : granted.env,
  };
}

/** What serving needs: the address to listen on, and the variable that holds the clients' key. */
export function withServer(granted: Grants, address: string | undefined, key: string | undefined): Grants {
  return {
    ...granted,
    ...address === undefined ? {} : { net: [...granted.net ?? [], address.includes(":") ? `[${address}]` : address] },
    env: isVariable(key) ? [...granted.env, key] : granted.env,
  };
}

/** Whether a text can be the name of an environment variable. */
export const isVariable = (name: string | undefined): name is string =>
  name !== undefined && /^[A-Za-z_]\w*$/.test(name);

/** What querying NVIDIA's driver needs, if its program is installed. */
export function withGpuTool(granted: Grants, isThere: boolean): Grants {
  return isThere ? { ...granted, run: [...granted.run ?? [], gpuTool] } : granted;
}

/** What else a pipeline's text asks for: running programs, and judges with their keys. */
export interface Asked {
  readonly programs: boolean;
  readonly judges: readonly { readonly endpoint: string; readonly key: string | undefined }[];
}

/** What a pipeline's text asks for, and nothing else. */
export function withAsked(granted: Grants, { programs, judges }: Asked): Grants {
  const all = judges.reduce((known, { endpoint, key }) => {
    const { net = [], env } = withJudge(known, endpoint, key);
    return { ...known, net: [...new Set([...known.net ?? [], ...net])], env };
  }, granted);
  return programs ? withPrograms(all) : all;
}

/** What loading a pipeline needs. */
export function withPipeline(granted: Grants): Grants {
  return { ...granted, import: importHosts };
}

/**
 * What running programs that a model wrote, and bundling scripts for a browser, needs: Deno itself, which runs each
 * program without any permission.
 */
export function withPrograms(granted: Grants): Grants {
  return { ...granted, run: [Deno.execPath()] };
}

/** Where a command reads and writes, if that is known from its arguments. */
export function placeOf(command: CommandName | undefined): Place | undefined {
  return command === undefined ? undefined : places[command];
}

/**
 * Limits a command to reading some paths, and writing some of them. Deno's flags cannot express a path with a comma.
 */
export function within(granted: Grants, paths: readonly string[], read: readonly string[]): Grants {
  if ([...paths, ...read].some((path) => path.includes(","))) return granted;
  return { ...granted, read: [...paths, ...read], ...granted.write === undefined ? {} : { write: paths } };
}

/** Limits a command to writing some paths; it may read any. */
export function writing(granted: Grants, paths: readonly string[]): Grants {
  return paths.some((path) => path.includes(",")) ? granted : { ...granted, write: paths };
}

/** Permissions as flags of `deno run`. */
export function flagsOf(granted: Grants): string[] {
  // Deno does not accept an empty list; omitting the flag grants nothing.
  const lists = Object.entries(granted).filter(([_, list]) => list === true || list.length > 0);
  const flags = lists.map(([name, list]) => `--allow-${name}${list === true ? "" : `=${list.join(",")}`}`);
  return granted.import === undefined ? [...flags, "--deny-import"] : flags;
}
