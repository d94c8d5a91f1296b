/** The tasks of deno.json, called as users do: from any folder, with only the Deno executable. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandNames } from "../../pipelines/cli/launch/grants.ts";
import type { Outcome } from "../support/command.ts";

const root = fileURLToPath(new URL("../../", import.meta.url)), quickstart = join(root, "examples/quickstart");

/** The folder and environment of a call. */
interface Call {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a task with an empty PATH, which has no deno either. */
function start(args: readonly string[], { cwd, env = {} }: Call): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--config", join(root, "deno.json"), ...args],
    cwd,
    // npx sets this variable too, and deno task trusts it.
    env: { NO_COLOR: "1", HF_ENDPOINT: "", PATH: join(root, "no such folder"), INIT_CWD: cwd, ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function call(args: readonly string[], options: Call): Promise<Outcome> {
  const { code, stdout, stderr } = await start(args, options).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract tasks " }));
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a task resolves paths from the caller's folder, and prints only its own output on stdout", () =>
  inFolder(async (folder) => {
    const { code, stdout, stderr } = await call(
      ["plan", "pipeline.ts", "--json", "--store", join(folder, "a 'new' \"store\"")],
      { cwd: quickstart },
    );
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).pipeline, "quickstart");
    assert.match(stderr, /^Task plan DENO_NO_UPDATE_CHECK=1 deno run [^$]* pipelines\/cli\/refract\.ts plan /);
    assert.equal(stderr.split("\n").filter((line) => line.startsWith("Task ")).length, 1, stderr);
  }));

Deno.test("every task of a command shows its help", () =>
  inFolder(async (folder) => {
    for (const name of commandNames) {
      const { code, stdout, stderr } = await call([name, "--help"], { cwd: folder });
      assert.equal(code, 0, stderr);
      assert.ok(stdout.startsWith(`Usage: refract ${name} `), stdout);
    }
  }));

Deno.test("a task has its command's exit code, and passes its arguments unchanged", () =>
  inFolder(async (folder) => {
    const path = `no "such" $(file) 'of * mine'.ts`;
    const wrong = await call(["run", path], { cwd: quickstart });
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.ok(wrong.stderr.includes(`error: ${join(quickstart, path)}: there is no such pipeline file`), wrong.stderr);

    const places = ["--store", "my store", "--out", "my run"];
    const done = await call(["run", join(quickstart, "pipeline.ts"), ...places, "--set", "epochs=1"], { cwd: folder });
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["my run", "my store"]);

    const listed = await call(["cache", "ls", "--json", "--store", "my store"], { cwd: folder });
    const [{ path: entry }] = JSON.parse(listed.stdout).entries, bytes = await Deno.readFile(entry);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(entry, bytes);
    const failed = await call(["cache", "verify", "--store", "my store"], { cwd: folder });
    assert.equal(failed.code, 1, failed.stderr);
  }));

Deno.test("a task may reach the mirror that HF_ENDPOINT names", () =>
  inFolder(async (folder) => {
    let requests = 0;
    const mirror = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      requests++;
      return new Response("", { status: 404 });
    });
    const env = { HF_HOME: folder, HF_ENDPOINT: `http://127.0.0.1:${mirror.addr.port}` };
    const { code, stderr } = await call(["pull", "nobody/nothing", "--out", "out"], { cwd: folder, env });
    await mirror.shutdown();
    assert.equal(code, 2, stderr);
    assert.ok(requests > 0, stderr);
  }));

Deno.test("a signal to a task reaches its command", () =>
  inFolder(async (folder) => {
    const args = ["run", join(quickstart, "pipeline.ts"), "--store", "store", "--out", "out", "--set", "epochs=4000"];
    const process = start(args, { cwd: folder });
    let shown = "";
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      // The rows are encoded, and the training starts.
      if (!shown.includes("\nencode") && (shown + text).includes("\nencode")) process.kill("SIGTERM");
      shown += text;
    }
    await process.stdout.cancel();
    assert.equal((await process.status).code, 143, shown);
    assert.match(shown, /\nstopped.*; run the same command again to continue\n$/);
  }));

Deno.test("commands that start programs do so where variables say which libraries to load", () =>
  inFolder(async (folder) => {
    const env = { LD_LIBRARY_PATH: folder, LD_RUN_PATH: folder };
    const exported = await call(["export", join(quickstart, "pipeline.ts"), "--to", "web", "--out", "site"], {
      cwd: folder,
      env,
    });
    assert.equal(exported.code, 0, exported.stderr);
    const problem = {
      task_id: "HumanEval/0",
      prompt: "def one():\n",
      test: "def check(candidate):\n    assert candidate() == 1\n",
      entry_point: "one",
      generation: "    return 1\n",
    };
    await Deno.writeTextFile(join(folder, "rows.jsonl"), `${JSON.stringify(problem)}\n`);
    const scored = await call(["score", "humaneval", "rows.jsonl", "--scoring", "human-eval"], { cwd: folder, env });
    assert.equal(scored.code, 0, scored.stderr);
    assert.equal(JSON.parse(scored.stdout).correct, true);
  }));
