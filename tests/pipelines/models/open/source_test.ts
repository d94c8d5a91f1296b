import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveModelFolder, type SourceOptions } from "../../../../pipelines/models/open/source.ts";
import { assertOneLine, inFolder } from "../support.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

/** Puts `owner/name` into a cache folder, in huggingface_hub's layout. */
async function fillCache(hub: string, files: Readonly<Record<string, string>>): Promise<string> {
  const repository = join(hub, "models--owner--name");
  const snapshot = join(repository, "snapshots", commit);
  await Deno.mkdir(snapshot, { recursive: true });
  await Deno.mkdir(join(repository, "refs", "pr"), { recursive: true });
  for (const ref of ["main", "pr/1"]) await Deno.writeTextFile(join(repository, "refs", ref), `${commit}\n`);
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(snapshot, name), text);
  return snapshot;
}

const complete = { "config.json": "{}", "tokenizer.json": "{}", "model.safetensors": "" };

async function rejects(source: string, options: SourceOptions, pattern: RegExp): Promise<void> {
  await assert.rejects(resolveModelFolder(source, options), (error) => assertOneLine(error, pattern));
}

Deno.test("resolveModelFolder() finds folders by absolute and by relative path", async () => {
  await inFolder(async (base) => {
    const folder = join(base, "owner", "name");
    await Deno.mkdir(folder, { recursive: true });
    for (const source of [folder, "owner/name", "./owner/name", "../" + base.split("/").at(-1) + "/owner/name/"]) {
      assert.deepEqual(await resolveModelFolder(source, { base, env: {} }), { folder, name: "name", origin: "folder" });
    }
  });
});

Deno.test("resolveModelFolder() treats an absent path as a mistake and not as an id", async () => {
  await inFolder(async (base) => {
    await Deno.writeTextFile(join(base, "file"), "");
    for (const source of ["./a/b", "../a", "/absent/folder", "./file"]) {
      await rejects(source, { base, env: {} }, /^the model ".*" (is|leads|goes) .*; (give|check|relative|did)/);
    }
    for (const source of ["", "name", "a/b/c", "a/..b", "b/c/d", "a--b/c", "-a/b", "~/model"]) {
      await rejects(
        source,
        { base, env: {} },
        /^the model ".*" .*; .* \(or builtin:NAME, or an id of Hugging Face, owner\/name\)$/,
      );
    }
  });
});

Deno.test("resolveModelFolder() lists the builtin models if one is unknown", async () => {
  const base = Deno.cwd();
  const pattern = /^no builtin model is called "no such"; (there are none|give one of builtin:)/;
  await rejects("builtin:no such", { base }, pattern);
  await rejects("builtin:..", { base }, /^no builtin model is called "\.\."; /);
});

Deno.test("resolveModelFolder() refuses a revision of a folder", async () => {
  await inFolder(async (base) => {
    await rejects(base, { base, revision: "main", env: {} }, /^revision "main" has no meaning for the folder /);
  });
});

Deno.test("resolveModelFolder() finds a Hugging Face id wherever the environment places the cache", async () => {
  await inFolder(async (base) => {
    const offline = { HF_HUB_OFFLINE: "1" };
    for (
      const [folder, env] of [
        ["hub", { HF_HUB_CACHE: join(base, "hub"), HF_HOME: "/elsewhere" }],
        ["home/hub", { HF_HOME: join(base, "home"), XDG_CACHE_HOME: "/elsewhere", HF_HUB_CACHE: "" }],
        ["tilde/hub", { HF_HOME: "~/tilde", HOME: base }],
        ["xdg/huggingface/hub", { XDG_CACHE_HOME: join(base, "xdg"), HOME: "/elsewhere" }],
        [".cache/huggingface/hub", { HOME: base }],
      ] as const
    ) {
      const snapshot = await fillCache(join(base, folder), complete);
      const found = { folder: snapshot, commit, name: "owner/name", origin: "hub" };
      for (const revision of ["main", "pr/1", commit]) {
        const options = { base, revision, env: { ...env, ...offline } };
        assert.deepEqual(await resolveModelFolder("owner/name", options), found);
      }
    }
    await rejects("owner/name", { base, env: {} }, /^no folder is known for the Hugging Face cache; set HF_HOME/);
  });
});

Deno.test("resolveModelFolder() lists what the cache lacks when downloads are forbidden", async () => {
  await inFolder(async (base) => {
    const options = { base, env: { HF_HUB_CACHE: base, HF_HUB_OFFLINE: "TRUE" } };
    const lacks = async (pattern: RegExp, more: Partial<SourceOptions> = {}) =>
      await rejects("owner/name", { ...options, ...more }, pattern);
    await lacks(/^owner\/name \(revision main\) is not in the cache \/.* and HF_HUB_OFFLINE forbids .* give a folder/);
    const snapshot = await fillCache(base, { "config.json": "{}" });
    await lacks(/lacks tokenizer\.json in the cache/);
    await fillCache(base, { "tokenizer.json": "{}" });
    await lacks(/lacks model\.safetensors in the cache/);
    assert.equal((await resolveModelFolder("owner/name", { ...options, weights: false })).folder, snapshot);
    const index = { weight_map: { a: "1.safetensors", b: "2.safetensors" } };
    await fillCache(base, { "model.safetensors.index.json": JSON.stringify(index), "1.safetensors": "" });
    await lacks(/lacks 2\.safetensors in the cache/);
    await Deno.symlink("gone", join(snapshot, "2.safetensors"));
    await lacks(/lacks 2\.safetensors in the cache/);
    await Deno.writeTextFile(join(snapshot, "gone"), "");
    assert.equal((await resolveModelFolder("owner/name", options)).folder, snapshot);
    await lacks(/revision dev\) is not in the cache/, { revision: "dev" });
    for (const revision of ["../main", "/etc", "", "."]) {
      await lacks(/is not a branch, tag or commit; correct it$/, { revision });
    }
  });
});

Deno.test("resolveModelFolder() gives a remedy when the hub can't be reached", async () => {
  await inFolder(async (base) => {
    const env = { HF_HUB_CACHE: base, HF_ENDPOINT: "http://127.0.0.1:1" };
    const pattern = /^owner\/name could not be downloaded from http:\/\/127\.0\.0\.1:1 \(.+\); .* give a folder/;
    await rejects("owner/name", { base, env }, pattern);
    assert.deepEqual(Array.from(Deno.readDirSync(base)), []);
  });
});
