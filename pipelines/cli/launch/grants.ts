/**
 * What the program of each command may do. A pipeline file is a program too, and may do what its command may.
 *
 * @module
 */

/** Permissions of Deno by their names; those with a list are held to it. */
export interface Grants {
  readonly read: true;
  readonly write?: true;
  /** Modules of any host, as a pipeline file may import them. */
  readonly import?: true;
  /** ONNX Runtime, which is native code. */
  readonly ffi?: true;
  readonly sys?: readonly string[];
  /** Programs that may be started. */
  readonly run?: readonly string[];
  readonly net?: readonly string[];
  readonly env: readonly string[];
}

/** Stays on this machine; the library that prints the help reads CLICOLOR_FORCE. */
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

/** Loads a pipeline and keeps a store. */
const pipeline = {
  ...hub,
  write: true,
  import: true,
  sys: ["statfs"],
  env: [...hub.env, ...yaml, "REFRACT_STORE_TOKEN"],
} as const satisfies Grants;

/** Loads a pipeline and runs models. */
const models = { ...pipeline, ffi: true } as const satisfies Grants;

/** Of each command, in the order of the help. */
const grants = {
  new: { ...offline, write: true },
  run: models,
  plan: pipeline,
  workflow: pipeline,
  unit: models,
  rows: pipeline,
  data: pipeline,
  chat: models,
  serve: { ...models, net: [...models.net, "127.0.0.1"] },
  activations: models,
  score: offline,
  judge: { ...offline, write: true, sys: ["statfs"] },
  recipes: { ...offline, env: [...offline.env, ...yaml] },
  report: { ...offline, write: true, env: [...offline.env, ...yaml] },
  watch: { ...offline, net: ["127.0.0.1"], env: [...offline.env, ...yaml] },
  import: { ...hub, write: true, import: true, sys: ["statfs"] },
  export: { ...hub, write: true, import: true, env: [...hub.env, ...yaml] },
  merge: { ...hub, write: true, import: true, ffi: true, env: [...hub.env, ...yaml] },
  push: { ...hub, net: [...hub.net, "*.amazonaws.com"], env: [...hub.env, ...yaml] },
  pull: { ...hub, write: true, env: [...hub.env, ...yaml] },
  cache: { ...offline, write: true, sys: ["statfs"] },
} as const satisfies Readonly<Record<string, Grants>>;

/** A command of the command line, or a group of them, by its name. */
export type CommandName = keyof typeof grants;

/** All of them, in the order of the help. */
export const commandNames = Object.keys(grants).filter(isCommandName);

/** Whether there is a command of this name. */
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

/** What writing to an MLflow server takes: its host, and the variables that its own client reads a password from. */
export function withMlflow(granted: Grants, address: string): Grants {
  const host = URL.parse(address)?.host ?? "";
  if (host === "") return granted;
  const env = ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"];
  return { ...granted, net: [...granted.net ?? [], host], env: [...granted.env, ...env] };
}

/** What a store takes that is a shared cache's address: its host. */
export function withStore(granted: Grants, address: string): Grants {
  const host = URL.parse(address)?.host ?? "";
  return host === "" ? granted : { ...granted, net: [...granted.net ?? [], host] };
}

/** What asking a judge takes: its host, and the variable that holds its key. */
export function withJudge(granted: Grants, address: string, key: string | undefined): Grants {
  const host = URL.parse(address)?.host ?? "";
  return {
    ...granted,
    ...host === "" ? {} : { net: [host] },
    env: isVariable(key) ? [...granted.env, key] : granted.env,
  };
}

/** What serving takes: the address that is listened on, and the variable that holds the clients' key. */
export function withServer(granted: Grants, address: string | undefined, key: string | undefined): Grants {
  return {
    ...granted,
    ...address === undefined ? {} : { net: [...granted.net ?? [], address.includes(":") ? `[${address}]` : address] },
    env: isVariable(key) ? [...granted.env, key] : granted.env,
  };
}

const isVariable = (name: string | undefined): name is string => name !== undefined && /^[A-Za-z_]\w*$/.test(name);

/** What running programs that a model wrote takes: Deno itself, which runs each without any permission. */
export function withPrograms(granted: Grants): Grants {
  return { ...granted, run: [Deno.execPath()] };
}

/** Permissions as flags of `deno run`. */
export function flagsOf(granted: Grants): string[] {
  return Object.entries(granted).map(([name, list]) => `--allow-${name}${list === true ? "" : `=${list.join(",")}`}`);
}
