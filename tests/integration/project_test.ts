/**
 * A user's projects, from an empty folder to a trained edit: with a copy of Refract on disk and with one at a URL.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Results } from "../../pipelines/results/results.ts";
import type { Outcome } from "../support/command.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";

const root = fileURLToPath(new URL("../../", import.meta.url)), launcher = "pipelines/cli/refract.ts";

/** Runs Deno with only its own cache. */
async function deno(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    // npx sets this variable too, and deno task trusts it.
    env: { NO_COLOR: "1", HF_ENDPOINT: "", INIT_CWD: cwd, ...env },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract project " }));
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const flags = ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-run"];

Deno.test("every starter makes a project that type-checks, and those with a builtin model run", () =>
  inFolder(async (folder) => {
    for (const name of ["quickstart", "sweep", "classification", "chat"]) {
      const made = await deno([...flags, join(root, launcher), "new", name, "--from", name], folder);
      assert.equal(made.code, 0, made.stderr);
      const project = join(folder, name);
      const checked = await deno(["check", "pipeline.ts"], project);
      assert.equal(checked.code, 0, checked.stderr);
      if (name === "chat") continue;
      await Deno.mkdir(join(project, "within"));
      const ran = await deno(["task", "run", "../pipeline.ts", "--json", "--out", "out"], join(project, "within"));
      assert.equal(ran.code, 0, ran.stderr);
      assert.equal(JSON.parse(ran.stdout).pipeline, name);
      // The store is in the project, wherever the command is called.
      assert.ok((await Deno.stat(join(project, ".refract/store"))).isDirectory);
      assert.deepEqual([...Deno.readDirSync(join(project, "within"))].map((entry) => entry.name), ["out"]);
    }
    const again = await deno([...flags, join(root, launcher), "new", "sweep"], folder);
    assert.deepEqual([again.code, again.stderr], [
      2,
      `error: ${join(folder, "sweep")}: is not empty; give an empty folder, or one that does not exist\n`,
    ]);
  }));

Deno.test({
  name: "a project on a user's own file answers unseen rows, where the base model answers none",
  ignore: sharedFolder() === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const model = await smollm2Folder(sharedFolder()!), data = join(root, "tests/integration/reviews.csv");
      const made = await deno([...flags, join(root, launcher), "new", "mine", "--data", data, "--base", model], folder);
      assert.equal(made.code, 0, made.stderr);
      assert.match(
        made.stdout,
        /; pipeline\.ts uses \{review\} of reviews\.csv as the prompt and \{verdict\} as the completion; /,
      );
      const ran = await deno(["task", "run", "pipeline.ts", "--json"], join(folder, "mine"));
      assert.equal(ran.code, 0, ran.stderr);
      const { members: [member] }: Results = JSON.parse(ran.stdout);
      const shares = member!.stages.flatMap((stage) => stage.kind === "evaluate" ? stage.metrics["exactMatch"] : []);
      assert.deepEqual(shares.map((share) => share! > 0.8), [false, true], `${shares}`);
    }),
});

Deno.test("a project that maps only refract trains, and so does one that imports its own modules and packages", () =>
  inFolder(async (folder) => {
    const made = await deno([...flags, join(root, launcher), "new", "mine"], folder), project = join(folder, "mine");
    assert.equal(made.code, 0, made.stderr);
    const refract = pathToFileURL(join(root, "mod.ts")).href,
      text = await Deno.readTextFile(join(project, "pipeline.ts"));
    await Deno.writeTextFile(join(project, "mine.ts"), "export const epochs = 1;\n");
    await Deno.writeTextFile(
      join(project, "own.ts"),
      `import { epochs } from "mine";\nimport { parse } from "yaml";\n${
        text.replace("epochs: 15", 'epochs: parse(epochs + "")')
      }`,
    );
    for (
      const [pipeline, imports] of [
        ["pipeline.ts", { refract }],
        // A different version than Refract uses, which keeps its own.
        ["own.ts", { refract, mine: "./mine.ts", yaml: "npm:yaml@2", "hash-wasm": "./mine.ts" }],
      ] as const
    ) {
      await Deno.writeTextFile(join(project, "deno.json"), JSON.stringify({ imports }));
      const ran = await deno([...flags, join(root, launcher), "run", pipeline, "--json"], project);
      assert.equal(ran.code, 0, ran.stderr);
      assert.equal(JSON.parse(ran.stdout).pipeline, "quickstart");
    }
  }));

Deno.test("a copy that is served from an address makes projects, trains, reports and exports", () =>
  inFolder(async (folder) => {
    const asked = new Set<string>();
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
      const path = decodeURIComponent(new URL(url).pathname);
      asked.add(path);
      const type = /\.ts$/.test(path)
        ? "application/typescript"
        : /\.json$/.test(path)
        ? "application/json"
        : "text/plain";
      try {
        return new Response(await Deno.readFile(join(root, path)), { headers: { "content-type": type } });
      } catch {
        return new Response("", { status: 404 });
      }
    });
    const host = `127.0.0.1:${server.addr.port}`, project = join(folder, "mine");
    // No remote module is cached yet, but npm packages are.
    const cache = join(folder, "cache");
    await Deno.mkdir(cache);
    const known = await npmCache();
    if (known !== undefined) await Deno.symlink(known, join(cache, "npm"));
    const env = { DENO_DIR: cache };
    const made = await deno(
      [...flags, `--allow-import=${host}`, `http://${host}/${launcher}`, "new", "mine"],
      folder,
      env,
    );
    assert.equal(made.code, 0, made.stderr);
    const ran = await deno(["task", "run", "pipeline.ts", "--json", "--out", "out"], project, env);
    assert.equal(ran.code, 0, ran.stderr);
    const { members: [member] } = JSON.parse(ran.stdout);
    assert.ok(member.stages.at(-1).metrics.exactMatch >= 0.9, ran.stdout);
    const drawn = await deno(["task", "report", "out"], project, env);
    assert.equal(drawn.code, 0, drawn.stderr);
    const exported = await deno(["task", "export", "out", "--to", "onnx", "--out", "exported"], project, env);
    assert.equal(exported.code, 0, exported.stderr);
    assert.ok((await Deno.stat(join(project, "exported/example.html"))).isFile);
    assert.ok(asked.has("/pipelines/models/builtin/tiny/model.safetensors"), "the model came from elsewhere");
    await server.shutdown();
  }));

/** The folder of Deno's npm packages. */
async function npmCache(): Promise<string | undefined> {
  const { stdout } = await deno(["info", "--json"], root);
  const { npmCache } = JSON.parse(stdout);
  return typeof npmCache === "string" ? join(dirname(npmCache), "npm") : undefined;
}
