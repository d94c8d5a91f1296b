/**
 * Downloads from a correct hub: which files are fetched, where they are stored, and what is requested again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { resolveModelFolder, type SourceOptions } from "../../../../pipelines/models/open/source.ts";
import { rememberedDigest } from "../../../../pipelines/models/weights/weights_digest.ts";
import { type Files, gitSha1, hasty, type Hub, type RepositoryOptions, sha256, withHub } from "../../../support/hub.ts";
import { assertOneLine, inFolder } from "../support.ts";

const weights = "weights".repeat(100_000);
const model: Files = {
  "README.md": "not needed",
  "config.json": '{"a":1}',
  "generation_config.json": "{  }",
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{ }",
  "chat_template.jinja": "{{ messages }}",
  "vocab.json": "not needed beside tokenizer.json",
  "model.safetensors": weights,
  "model.fp16.safetensors": "not needed",
  "pytorch_model.bin": "not needed",
  "tf_model.h5": "not needed",
  "model.onnx": "not needed",
};
const small = [
  "chat_template.jinja",
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
];
const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

type Resolve = (more?: Partial<SourceOptions>, id?: string) => ReturnType<typeof resolveModelFolder>;

/** Runs a test with a cache folder and a hub. */
function withCache(
  repositories: Readonly<Record<string, RepositoryOptions>>,
  test: (hub: Hub, resolve: Resolve, cache: string) => Promise<void>,
): Promise<void> {
  return withHub(repositories, (hub) =>
    inFolder((base) => {
      const env = { HF_HUB_CACHE: base, HF_ENDPOINT: hub.endpoint };
      return test(
        hub,
        (more, id = "owner/name") =>
          resolveModelFolder(id, { base, timings: hasty, ...more, env: { ...env, ...more?.env } }),
        base,
      );
    }));
}

Deno.test("resolveModelFolder() downloads the files that a model needs, in the layout of the shared cache", () =>
  withCache({ "owner/name": { files: model } }, async (hub, resolve, cache) => {
    const seen: [number, number, string][] = [];
    const { folder, commit } = await resolve({ progress: (...told) => seen.push(told) });
    const repository = join(cache, "models--owner--name");
    assert.equal(commit, hub.commit("owner/name"));
    assert.equal(folder, join(repository, "snapshots", commit));
    assert.equal(await Deno.readTextFile(join(repository, "refs", "main")), commit);
    assert.deepEqual(namesIn(folder), [...small, "model.safetensors"].sort());
    for (const name of namesIn(folder)) {
      const content = model[name]!, digest = name === "model.safetensors" ? sha256(content) : gitSha1(content);
      assert.equal(await Deno.readLink(join(folder, name)), `../../blobs/${digest}`);
      assert.equal(await Deno.readTextFile(join(folder, name)), content);
    }
    assert.equal(namesIn(join(repository, "blobs")).length, 6);
    const total = namesIn(folder).reduce((sum, name) => sum + model[name]!.length, 0);
    assert.deepEqual(seen.at(-1)!.slice(0, 2), [total, total]);
    assert.ok(seen.every(([done, all], at) => all === total && done >= (seen[at - 1]?.[0] ?? 0)));

    const before = hub.requests.length;
    assert.equal((await resolve()).folder, folder);
    assert.equal((await resolve({ revision: commit })).folder, folder);
    assert.equal((await resolve({ env: { HF_HUB_OFFLINE: "1" } })).folder, folder);
    assert.equal(hub.requests.length, before, "the cache is complete");
  }));

Deno.test("resolveModelFolder() stores the digests of downloaded weights, which are not read again to compute them", () =>
  withCache({ "owner/name": { files: model } }, async (_, resolve, cache) => {
    const store = join(cache, "store"), { folder } = await resolve({ store });
    const blob = await Deno.realPath(join(folder, "model.safetensors"));
    const { files } = JSON.parse(await Deno.readTextFile(join(store, "weights.json")));
    assert.deepEqual(Object.keys(files), [blob]);
    assert.equal(files[blob].sha256, sha256(weights));
    assert.equal(await rememberedDigest([blob], join(store, "weights.json")), sha256(weights));
  }));

Deno.test("resolveModelFolder() downloads the weights when they are needed, from the same commit", () =>
  withCache({ "owner/name": { files: model } }, async (hub, resolve) => {
    const first = await resolve({ weights: false });
    assert.deepEqual(namesIn(first.folder), small);
    const before = hub.requests.length;
    const { folder } = await resolve();
    assert.equal(folder, first.folder);
    const files = hub.lines(before).filter((line) => line.includes("/resolve/"));
    assert.deepEqual(files, [`GET /owner/name/resolve/${first.commit}/model.safetensors`]);
  }));

Deno.test("resolveModelFolder() downloads only the index and the shards that it names", () =>
  withCache({
    "owner/name": {
      files: {
        "config.json": "{}",
        "tokenizer.json": "{}",
        "model.safetensors.index.json": JSON.stringify({
          weight_map: { a: "model-1.safetensors", b: "b.safetensors" },
        }),
        "model-1.safetensors": "1",
        "model-2.safetensors": "2",
        "b.safetensors": "b",
      },
    },
  }, async (_, resolve) => {
    const { folder } = await resolve();
    const weights = ["b.safetensors", "model-1.safetensors", "model.safetensors.index.json"];
    assert.deepEqual(namesIn(folder), ["b.safetensors", "config.json", ...weights.slice(1), "tokenizer.json"]);
  }));

Deno.test("resolveModelFolder() uses vocabulary files without a tokenizer.json, and requests them once", () =>
  withCache({
    "owner/name": {
      files: { "config.json": "{}", "tokenizer.model": "t", "merges.txt": "m", "model.safetensors": "w" },
    },
  }, async (hub, resolve) => {
    const { folder } = await resolve(), before = hub.requests.length;
    assert.deepEqual(namesIn(folder), ["config.json", "merges.txt", "model.safetensors", "tokenizer.model"]);
    await resolve();
    assert.equal(hub.requests.length, before);
  }));

Deno.test("resolveModelFolder() resolves branches, tags and commits", () =>
  withCache({
    "owner/name": { files: model, revisions: { v1: { ...model, "config.json": "old" }, "refs/pr/1": model } },
  }, async (hub, resolve, cache) => {
    const old = await resolve({ revision: "v1" });
    assert.equal(old.commit, hub.commit("owner/name", "v1"));
    assert.equal(await Deno.readTextFile(join(old.folder, "config.json")), "old");
    const blobs = namesIn(join(cache, "models--owner--name", "blobs"));
    const main = await resolve();
    assert.notEqual(main.folder, old.folder);
    assert.equal(namesIn(join(cache, "models--owner--name", "blobs")).length, blobs.length + 1, "the rest is shared");
    assert.equal((await resolve({ revision: "refs/pr/1" })).folder, main.folder);
    assert.equal(
      await Deno.readTextFile(join(cache, "models--owner--name", "refs", "refs", "pr", "1")),
      main.commit,
    );
    const commit = hub.commit("owner/name", "v1"), refs = namesIn(join(cache, "models--owner--name", "refs"));
    await Deno.remove(join(cache, "models--owner--name", "snapshots"), { recursive: true });
    assert.equal((await resolve({ revision: commit })).folder, old.folder);
    assert.deepEqual(namesIn(join(cache, "models--owner--name", "refs")), refs, "a commit has no ref");
  }));

Deno.test("resolveModelFolder() finds its token in the environment and in the login's token file", () =>
  withCache({ "owner/name": { files: model, token: "any-form" } }, async (hub, resolve, cache) => {
    const file = join(cache, "token"),
      once = async (env: Readonly<Record<string, string>>) => {
        const { folder } = await resolve({ env });
        await Deno.remove(join(folder, "..", ".."), { recursive: true });
        assert.ok(hub.requests.splice(0).every(({ authorization }) => authorization === "Bearer any-form"));
      };
    await once({ HF_TOKEN: "any-form", HUGGING_FACE_HUB_TOKEN: "other" });
    await once({ HF_TOKEN: "", HUGGING_FACE_HUB_TOKEN: " any-form\n" });
    await Deno.writeTextFile(file, "any-form\n");
    await once({ HF_HOME: cache });
    await once({ HF_HOME: "/elsewhere", HF_TOKEN_PATH: file });
  }));

Deno.test("resolveModelFolder() sends a token only to the hub", () =>
  withCache(
    { "owner/name": { files: model } },
    (hub, resolve) =>
      withHub({ "owner/name": { files: model } }, async (elsewhere) => {
        hub.fail({ at: /resolve.*model\.safetensors/, redirect: elsewhere.endpoint.slice(0, -1) });
        const { folder } = await resolve({ env: { HF_TOKEN: "hf_secret" } });
        assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), weights);
        assert.deepEqual(elsewhere.requests.map(({ authorization }) => authorization), [null]);
        assert.ok(hub.requests.every(({ authorization }) => authorization === "Bearer hf_secret"));
      }),
  ));

Deno.test("resolveModelFolder() works with a mirror that lists no trees", () =>
  withCache({ "owner/name": { files: model } }, async (hub, resolve) => {
    hub.hasTree = false;
    const { folder } = await resolve();
    assert.deepEqual(namesIn(folder), [...small, "model.safetensors"].sort());
    assert.equal(await Deno.readLink(join(folder, "model.safetensors")), `../../blobs/${sha256(weights)}`);
    assert.equal(await Deno.readLink(join(folder, "config.json")), `../../blobs/${gitSha1(model["config.json"]!)}`);
  }));

Deno.test("resolveModelFolder() requests the usual files from a mirror without listings", () => {
  const weight_map = { a: "model-1.safetensors", b: "b.safetensors" };
  const sharded = {
    "config.json": "{}",
    "tokenizer.model": "t",
    "model.safetensors.index.json": JSON.stringify({ weight_map }),
    "model-1.safetensors": "1",
    "b.safetensors": "b",
  };
  const repositories = {
    "owner/name": { files: model, revisions: { v1: { ...model, "config.json": "old" } } },
    "owner/sharded": { files: sharded },
  };
  return withCache(repositories, async (hub, resolve) => {
    hub.hasApi = false;
    const { folder, commit } = await resolve();
    assert.equal(commit, hub.commit("owner/name"));
    assert.deepEqual(namesIn(folder), [...small, "model.safetensors"].sort());
    assert.equal((await resolve({ revision: "v1" })).commit, hub.commit("owner/name", "v1"));
    assert.deepEqual(namesIn((await resolve({}, "owner/sharded")).folder), Object.keys(sharded).sort());
    const before = hub.requests.length;
    await resolve();
    assert.equal(hub.requests.length, before);
  });
});

Deno.test("simultaneous downloads of a model fetch it once", () =>
  withCache({ "owner/name": { files: model } }, async (hub, resolve) => {
    const [one, other] = await Promise.all([resolve(), resolve(), resolve()]);
    assert.equal(one.folder, other.folder);
    assert.equal(await Deno.readTextFile(join(one.folder, "model.safetensors")), weights);
    assert.equal(hub.lines().filter((line) => line.includes("/resolve/")).length, 6);
  }));

/** Flips a bit without changing the file's time, as a failing disk does. */
async function damage(path: string): Promise<void> {
  const bytes = await Deno.readFile(path), { mtime } = await Deno.stat(path);
  bytes[bytes.length - 1]! ^= 1;
  await Deno.writeFile(path, bytes);
  await Deno.utime(path, mtime!, mtime!);
}

Deno.test("a cached file that no longer matches its name is downloaded again, with a note", () =>
  withCache({ "owner/name": { files: model } }, async (hub, resolve) => {
    const { folder } = await resolve();
    for (const name of small) {
      await damage(join(folder, name));
      const warnings: string[] = [], before = hub.requests.length;
      assert.equal((await resolve({ weights: false, warn: (message) => warnings.push(message) })).folder, folder);
      assert.equal(await Deno.readTextFile(join(folder, name)), model[name]);
      assert.deepEqual(warnings, [`${join(folder, name)}: is damaged; downloading it again`]);
      assert.ok(hub.requests.length > before);
    }
    await damage(join(folder, "chat_template.jinja"));
    const pattern = /\/blobs\/[0-9a-f]{40}: is damaged, its git SHA-1 is [0-9a-f]{40}; delete it and download/;
    await assert.rejects(resolve({ env: { HF_HUB_OFFLINE: "1" } }), (error) => assertOneLine(error, pattern));
  }));

Deno.test("a cached file whose blob was removed is downloaded again, with a note", () =>
  withCache({ "owner/name": { files: model } }, async (_, resolve) => {
    const { folder } = await resolve();
    for (const name of small) {
      const path = join(folder, name), warnings: string[] = [];
      await Deno.remove(await Deno.realPath(path));
      const offline = resolve({ env: { HF_HUB_OFFLINE: "1" } });
      await assert.rejects(offline, (error) => assertOneLine(error, /symbolic link to a file that does not exist/));
      await resolve({ weights: false, warn: (message) => warnings.push(message) });
      assert.equal(await Deno.readTextFile(path), model[name]);
      assert.deepEqual(warnings, [`${path}: is a link to a missing file; downloading it again`]);
    }
  }));

Deno.test("a damaged blob without a link in the snapshot is downloaded again", () =>
  withCache({ "owner/name": { files: model } }, async (_, resolve) => {
    const { folder } = await resolve();
    await damage(join(folder, "tokenizer.json"));
    await Deno.remove(join(folder, "tokenizer.json"));
    await resolve();
    assert.equal(await Deno.readTextFile(join(folder, "tokenizer.json")), model["tokenizer.json"]);
  }));
