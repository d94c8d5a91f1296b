/** The programs that the tasks of deno.json start, and the permissions of each command. @module */
import assert from "node:assert/strict";
import { commandNames, flagsOf, type Grants, grantsOf } from "../../../pipelines/cli/launch/grants.ts";
import { launchFlags } from "../../../pipelines/cli/launch/launch.ts";
import { readEnvironment } from "../../../pipelines/models/hub/access.ts";
import { readTasks } from "../../support/tasks.ts";

const own = ["CLICOLOR_FORCE", "INIT_CWD"], logging = ["LOG_STREAM", "LOG_TOKENS"];
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
/** In addition to the host of HF_ENDPOINT. */
const hosts = ["*.hf.co", "*.huggingface.co", "huggingface.co"];

/** The hosts that Deno lets every program import from. */
const importHosts = [
  "deno.land:443",
  "jsr.io:443",
  "esm.sh:443",
  "raw.esm.sh:443",
  "cdn.jsdelivr.net:443",
  "raw.githubusercontent.com:443",
  "gist.githubusercontent.com:443",
];

const withStore = [...withLogging, "REFRACT_STORE_TOKEN"].sort();

const storing = { read: true, write: true, sys: ["statfs"], env: withStore, net: hosts } as const;
const loading = { ...storing, import: importHosts } as const;
const planning = { ...loading, sys: ["statfs", "systemMemoryInfo"] } as const;
const running = { ...planning, ffi: true, sys: [...planning.sys, "hostname"] } as const;

/** The exact permissions of each command. */
const permitted: Readonly<Record<string, Grants>> = {
  activations: { ...storing, ffi: true },
  cache: { read: true, write: true, sys: ["statfs"], env: own },
  chat: { ...storing, ffi: true },
  data: loading,
  doctor: {
    ...storing,
    ffi: true,
    sys: ["statfs", "cpus", "systemMemoryInfo"],
    env: [...withStore, "TMPDIR"].sort(),
    net: [...hosts, "files.pythonhosted.org", "pypi.org"].sort(),
  },
  export: storing,
  import: { read: true, write: true, sys: ["statfs"], env: hubNames, net: hosts },
  judge: { read: true, write: true, sys: ["statfs"], env: own },
  merge: { ...storing, ffi: true },
  new: { read: true, write: true, env: own },
  plan: planning,
  pull: storing,
  push: { read: true, env: withLogging, net: ["*.amazonaws.com", ...hosts] },
  report: { read: true, write: true, env: [...own, ...logging] },
  rows: loading,
  run: running,
  recipes: { read: true, env: [...own, ...logging].sort() },
  score: { read: true, env: own },
  serve: { ...storing, ffi: true, net: ["*.hf.co", "*.huggingface.co", "127.0.0.1", "huggingface.co"] },
  unit: { ...running, sys: [...running.sys, "cpus"] },
  watch: { read: true, net: ["127.0.0.1"], env: [...own, ...logging] },
  workflow: { ...planning, sys: [...planning.sys, "cpus"] },
};

/** The same permissions with sorted lists. */
function sorted(granted: Grants): Grants {
  const { env, net } = granted;
  return { ...granted, env: [...env].sort(), ...net === undefined ? {} : { net: [...net].sort() } };
}

Deno.test("each command has exactly its own permissions", () => {
  assert.deepEqual([...commandNames].sort(), Object.keys(permitted).sort());
  for (const name of commandNames) {
    assert.deepEqual(sorted(grantsOf(name, undefined)), sorted(permitted[name]!), name);
  }
});

Deno.test("permissions are flags of Deno", () => {
  assert.deepEqual(flagsOf(grantsOf("cache", undefined)), [
    "--allow-read",
    "--allow-env=INIT_CWD,CLICOLOR_FORCE",
    "--allow-write",
    "--allow-sys=statfs",
    "--deny-import",
  ]);
});

Deno.test("only commands that may reach the hub may reach the mirror of HF_ENDPOINT", () => {
  assert.ok(grantsOf("pull", "https://mirror.example:8443/hf").net?.includes("mirror.example:8443"));
  assert.deepEqual(grantsOf("watch", "https://mirror.example").net, ["127.0.0.1"]);
  assert.deepEqual(grantsOf("pull", "no address").net, grantsOf("pull", undefined).net);
});

Deno.test("commands that may read a hub token may read all settings of the hub", () => {
  for (const name of Object.keys(readEnvironment())) assert.ok(hubNames.includes(name), name);
});

Deno.test("each command is a task that starts it through the launcher, which sets its permissions", async () => {
  const tasks = await readTasks();
  for (const name of commandNames) {
    assert.equal(
      tasks[name],
      `DENO_NO_UPDATE_CHECK=1 deno run ${launchFlags.join(" ")} pipelines/cli/refract.ts ${name}`,
    );
  }
  const started = Object.keys(tasks).filter((task) => tasks[task]?.includes("pipelines/cli/"));
  assert.deepEqual(started.sort(), [...commandNames].sort());
});
