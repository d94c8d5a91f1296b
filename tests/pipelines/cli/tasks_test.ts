/** What the tasks of deno.json permit. @module */
import assert from "node:assert/strict";
import { readEnvironment } from "../../../pipelines/models/hub/access.ts";
import { readTasks, taskFlags } from "../../support/tasks.ts";

/** What a command may do: each permission with its list, or `true` where it has none. */
type Permissions = Readonly<Record<string, readonly string[] | true>>;

const tasks = await readTasks();
const commands = Object.keys(tasks).filter((task) => tasks[task]?.includes("pipelines/cli/main.ts")).sort();

function permissionsOf(task: string): Permissions {
  const found: Record<string, readonly string[] | true> = {};
  for (const flag of taskFlags(tasks, task)) {
    const [, name, list] = /^--allow-([a-z]+)(?:=(.*))?$/.exec(flag) ?? [];
    if (name === undefined) continue;
    const listed = found[name] ?? [];
    assert.ok(listed !== true && (list !== undefined || listed.length === 0), `${task} has ${flag} twice`);
    found[name] = list === undefined ? true : [...listed, ...list.split(",")].sort();
  }
  return found;
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
/** Beside the host that HF_ENDPOINT names. */
const hosts = ["*.hf.co", "*.huggingface.co", "huggingface.co"];

const planning = { read: true, write: true, import: true, sys: ["statfs"], env: withLogging, net: hosts } as const;
const running = { ...planning, ffi: true } as const;

/** What each command may do, no more and no less. */
const permitted: Readonly<Record<string, Permissions>> = {
  activations: running,
  cache: { read: true, write: true, sys: ["statfs"], env: ["CLICOLOR_FORCE", "INIT_CWD"] },
  chat: running,
  data: planning,
  export: { read: true, write: true, import: true, env: withLogging, net: hosts },
  import: { read: true, write: true, import: true, env: hubNames, net: hosts },
  plan: planning,
  pull: { read: true, write: true, env: withLogging, net: hosts },
  push: { read: true, env: withLogging, net: ["*.amazonaws.com", ...hosts] },
  report: { read: true, write: true, env: ["INIT_CWD", ...logging] },
  rows: planning,
  run: running,
  score: { read: true, env: ["INIT_CWD"] },
  watch: { read: true, net: ["127.0.0.1"], env: ["INIT_CWD", ...logging] },
};

Deno.test("each command has its own permissions, no more and no less", () => {
  assert.deepEqual(commands, Object.keys(permitted));
  for (const task of commands) {
    assert.deepEqual(permissionsOf(task), permitted[task], task);
    const others = taskFlags(tasks, task).filter((flag) => !flag.startsWith("--allow-"));
    assert.deepEqual(others, ["--frozen=false"], task);
    assert.match(tasks[task] ?? "", new RegExp(`^deno run .* pipelines/cli/main\\.ts ${task}$`));
  }
});

Deno.test("commands that may see a token of the hub see all that says how the hub is reached", () => {
  for (const name of Object.keys(readEnvironment())) assert.ok(hubNames.includes(name), name);
});

Deno.test("deno.json names the hub's hosts and variables, and evaluates HF_ENDPOINT, in one task", () => {
  for (const text of ["*.hf.co", "HF_TOKEN", "deno eval"]) {
    assert.deepEqual(Object.keys(tasks).filter((task) => tasks[task]?.includes(text)), ["_hub"], text);
  }
});

Deno.test("the line that Deno prints before a command is short", () => {
  for (const task of commands) assert.ok((tasks[task] ?? "").length <= 130, task);
});
