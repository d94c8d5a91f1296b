/** What the tasks of deno.json permit. @module */
import assert from "node:assert/strict";
import { readEnvironment } from "../../../pipelines/models/hub/access.ts";

const text = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
const { tasks }: { readonly tasks: Readonly<Record<string, { readonly command: string }>> } = JSON.parse(text);

/** How a command computes the host that HF_ENDPOINT names. */
const endpoint = /\$\(deno eval [^)]*HF_ENDPOINT.*?huggingface\.co'"\)/;

/** A command with each `$(deno task --quiet …)` replaced by what that task echoes. */
function expanded(command: string): string {
  return command.replaceAll(/\$\(deno task --quiet (\w+)\)/g, (_, tier: string) => {
    const { command = "" } = tasks[tier] ?? {};
    assert.match(command, /^echo /, tier);
    return expanded(command.slice("echo ".length));
  });
}

/** What a command of the command line may do: each permission with its list, or `true` where it has none. */
type Permissions = Readonly<Record<string, readonly string[] | true>>;

function permissionsOf(task: string): Permissions {
  const command = expanded(tasks[task]?.command ?? "").replace(endpoint, "HF_ENDPOINT").replaceAll("'", "");
  const [flags] = /^deno run (.*) pipelines\/cli\/main\.ts/.exec(command)?.slice(1) ?? [];
  assert.ok(flags !== undefined, command);
  const found: Record<string, readonly string[] | true> = {};
  for (const [, name = "", list] of flags.matchAll(/--allow-([a-z]+)(?:=(\S+))?/g)) {
    const listed = found[name] ?? [];
    assert.ok(listed !== true, `${task} lists --allow-${name} twice`);
    found[name] = list === undefined ? true : [...listed, ...list.split(",")].sort();
  }
  return found;
}

/** The flags of a command that permit nothing. */
function otherFlags(task: string): string[] {
  const flags = expanded(tasks[task]?.command ?? "").matchAll(/ --(?!allow-)(\S+)/g);
  return [...flags].map(([, flag = ""]) => flag);
}

const logging = ["LOG_STREAM", "LOG_TOKENS"];
const hubNames = [
  "CLICOLOR_FORCE",
  "HF_ENDPOINT",
  "HF_HOME",
  "HF_HUB_CACHE",
  "HF_HUB_OFFLINE",
  "HF_TOKEN",
  "HF_TOKEN_PATH",
  "HOME",
  "HUGGINGFACE_HUB_CACHE",
  "HUGGING_FACE_HUB_TOKEN",
  "INIT_CWD",
  "USERPROFILE",
  "XDG_CACHE_HOME",
];
const withLogging = [...hubNames, ...logging].sort();
const hosts = ["*.hf.co", "*.huggingface.co", "HF_ENDPOINT", "huggingface.co"];

const planning = { read: true, write: true, import: true, sys: ["statfs"], env: withLogging, net: hosts } as const;
const running = { ...planning, ffi: true } as const;

/** What each command may do, no more and no less. */
const permitted: Readonly<Record<string, Permissions>> = {
  run: running,
  plan: planning,
  report: { read: true, write: true, env: ["INIT_CWD", ...logging] },
  watch: { read: true, net: ["127.0.0.1"], env: ["INIT_CWD", ...logging] },
  chat: running,
  activations: running,
  import: { read: true, write: true, import: true, env: hubNames, net: hosts },
  export: { read: true, write: true, import: true, env: withLogging, net: hosts },
  push: { read: true, env: withLogging, net: ["*.amazonaws.com", ...hosts] },
  pull: { read: true, write: true, env: withLogging, net: hosts },
  cache: { read: true, write: true, sys: ["statfs"], env: ["CLICOLOR_FORCE", "INIT_CWD"] },
};

const commands = Object.keys(tasks).filter((task) => tasks[task]?.command.includes("pipelines/cli/main.ts"));

Deno.test("each command has its own permissions, no more and no less", () => {
  assert.deepEqual(commands.sort(), Object.keys(permitted).sort());
  for (const task of commands) {
    assert.deepEqual(permissionsOf(task), permitted[task], task);
    assert.deepEqual(otherFlags(task), ["frozen=false"], task);
    assert.match(tasks[task]?.command ?? "", new RegExp(` pipelines/cli/main\\.ts ${task}$`));
  }
});

Deno.test("commands that may see a token of the hub see all that says how the hub is reached", () => {
  for (const name of Object.keys(readEnvironment())) assert.ok(hubNames.includes(name), name);
});

Deno.test("deno.json evaluates HF_ENDPOINT and lists the hub's variables once", () => {
  for (const text of ["deno eval", "HF_TOKEN_PATH", "*.hf.co"]) {
    const having = Object.keys(tasks).filter((task) => tasks[task]?.command.includes(text));
    assert.deepEqual(having, ["_hub"], text);
  }
});

Deno.test("the line that deno prints before a command is short", () => {
  for (const task of commands) assert.ok((tasks[task]?.command.length ?? 0) <= 130, task);
});
