/**
 * The cache shared with Python's huggingface_hub, and with other processes of Refract. REFRACT_PEER_PYTHON names a Python
 * that has the library; without it, the tests that need it are skipped with a message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordKinds } from "../../pipelines/data/files/record_kinds.ts";
import { resolveModelFolder } from "../../pipelines/models/open/source.ts";
import { type Files, hasty, type Hub, sha256, withHub } from "../support/hub.ts";
import { inFolder } from "../pipelines/models/support.ts";

const python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: the cache is not read by Python");

const weights = "weights".repeat(100_000);
const files: Files = {
  "config.json": "{}",
  "tokenizer.json": "{ }",
  "model.safetensors": weights,
  "pytorch_model.bin": "not needed",
};
const intervention: Files = {
  "intervention.json": JSON.stringify({ base: "owner/name", width: 1, interventions: [{ index: 0 }] }),
  "weights.safetensors": tensorBytes(1 << 20),
};

/** A safetensors file of one tensor. */
function tensorBytes(bytes: number): Uint8Array<ArrayBuffer> {
  const header = JSON.stringify({ a: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] } });
  const content = new Uint8Array(8 + header.length + bytes);
  new DataView(content.buffer).setBigUint64(0, BigInt(header.length), true);
  content.set(new TextEncoder().encode(header), 8);
  return content.fill(7, 8 + header.length);
}

async function runPython(code: string, hub: Hub, cache: string): Promise<string> {
  const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint.slice(0, -1), HF_HUB_DISABLE_PROGRESS_BARS: "1" };
  const { stdout, stderr, success } = await new Deno.Command(python!, { args: ["-B", "-c", code], env }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
}

const inCache = (test: (hub: Hub, cache: string) => Promise<void>) =>
  withHub(
    { "owner/name": { files }, "owner/tuned": { files: intervention } },
    (hub) => inFolder((cache) => test(hub, cache)),
  );

const resolve = (hub: Hub, cache: string) =>
  resolveModelFolder("owner/name", {
    base: cache,
    timings: hasty,
    env: { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint },
  });

Deno.test({
  name: "huggingface_hub finds what Refract downloaded, without a request",
  ignore: python === undefined,
  fn: () =>
    inCache(async (hub, cache) => {
      const { folder } = await resolve(hub, cache), before = hub.requests.length;
      const code = `from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
import json
print(json.dumps([
  snapshot_download("owner/name", local_files_only=True),
  snapshot_download("owner/name", revision="main", local_files_only=True),
  hf_hub_download("owner/name", "model.safetensors", local_files_only=True),
  [str(warning) for warning in scan_cache_dir().warnings],
  [repo.repo_id for repo in scan_cache_dir().repos],
]))`;
      assert.deepEqual(JSON.parse(await runPython(code, hub, cache)), [
        folder,
        folder,
        join(folder, "model.safetensors"),
        [],
        ["owner/name"],
      ]);
      assert.deepEqual(hub.lines(before).filter((line) => line.includes("owner/name")), []);
    }),
});

Deno.test({
  name: "Refract finds what huggingface_hub downloaded, without a request",
  ignore: python === undefined,
  fn: () =>
    inCache(async (hub, cache) => {
      const code = `from huggingface_hub import snapshot_download
print(snapshot_download("owner/name", allow_patterns=["*.json", "*.safetensors"]))`;
      const folder = await runPython(code, hub, cache), before = hub.requests.length;
      assert.equal((await resolve(hub, cache)).folder, folder);
      assert.equal(hub.requests.length, before);
    }),
});

Deno.test({
  name: "huggingface_hub continues where Refract stopped, and waits while Refract downloads",
  ignore: python === undefined,
  fn: () =>
    inCache(async (hub, cache) => {
      hub.fail({ at: /GET .*model\.safetensors/, breaksAfter: 1000 });
      await assert.rejects(resolve(hub, cache));
      hub.fail();
      const before = hub.requests.length;
      const code = `from huggingface_hub import __version__, hf_hub_download
print(hf_hub_download("owner/name", "model.safetensors") + " " + __version__)`;
      const [path = "", version = ""] = (await runPython(code, hub, cache)).split(" ");
      assert.equal(await Deno.readTextFile(path), weights);
      const asked = hub.requests.slice(before).filter(({ line }) => /^GET .*\/resolve\//.test(line));
      // Later versions start over.
      if (version.startsWith("0.")) assert.deepEqual(asked.map(({ range }) => range), ["bytes=3000-"]);

      await Deno.remove(join(cache, "models--owner--name"), { recursive: true });
      const lock = join(cache, ".locks", "models--owner--name", `${sha256(weights)}.lock`);
      await Deno.mkdir(join(lock, ".."), { recursive: true });
      using held = await Deno.open(lock, { create: true, write: true });
      await held.lock(true);
      let isDone = false;
      const running = runPython(code, hub, cache).then(() => isDone = true);
      await new Promise((passed) => setTimeout(passed, 3000));
      assert.ok(!isDone, "Python waits for the lock");
      await held.unlock();
      await running;
    }),
});

const shards = [0, 1].map((n) => `data/train-0000${n}-of-00002.parquet`);
const dataset: Files = {
  "README.md": "# A data set",
  ...Object.fromEntries(
    shards.map((name) => [name, Deno.readFileSync(new URL("../goldens/parquet/plain.parquet", import.meta.url))]),
  ),
};

Deno.test({
  name: "huggingface_hub and Refract find each other's data sets, without a request",
  ignore: python === undefined,
  fn: () =>
    withHub({ "datasets/owner/rows": { files: dataset } }, async (hub) => {
      const code = (more: string) =>
        `from huggingface_hub import snapshot_download, scan_cache_dir
print(snapshot_download("owner/rows", repo_type="dataset"${more}) + " ".join(str(w) for w in scan_cache_dir().warnings))`;
      const read = async (cache: string) => {
        const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint };
        const files = await recordKinds.hub.files({ kind: "hub", id: "owner/rows" }, {
          base: cache,
          hub: { env, timings: hasty },
        });
        return files.map(({ path }) => path);
      };
      for (const pythonFirst of [true, false]) {
        await inFolder(async (cache) => {
          const folder = pythonFirst ? await runPython(code(""), hub, cache) : undefined;
          const before = hub.requests.length, paths = await read(cache);
          if (folder !== undefined) {
            assert.deepEqual(paths, shards.map((name) => join(folder, name)));
            assert.equal(hub.requests.length, before);
          } else {
            const asked = hub.requests.length, found = await runPython(code(", local_files_only=True"), hub, cache);
            assert.deepEqual(paths, shards.map((name) => join(found, name)));
            assert.equal(hub.requests.length, asked);
          }
        });
      }
    }),
});

const main = fileURLToPath(new URL("../../pipelines/cli/main.ts", import.meta.url));

function startPull(hub: Hub, folder: string, out: string): Deno.ChildProcess {
  const { host } = new URL(hub.endpoint);
  const permissions = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", `--allow-net=${host}`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissions, main, "pull", "owner/tuned", "--out", out],
    env: { HF_HUB_CACHE: join(folder, "cache"), HF_ENDPOINT: hub.endpoint },
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

Deno.test("processes that download the same file at once share the work, even if one of them is killed", () =>
  inCache(async (hub, folder) => {
    const outs = ["a", "b", "c"].map((name) => join(folder, name)), isWeights = /GET .*weights\.safetensors/;
    hub.fail({ at: isWeights, times: 1, silentAfter: 5000 });
    const dying = startPull(hub, folder, outs[0]!);
    const partial = join(
      folder,
      "cache",
      "models--owner--tuned",
      "blobs",
      `${sha256(intervention["weights.safetensors"]!)}.incomplete`,
    );
    for (;;) {
      if (await Deno.stat(partial).then(({ size }) => size === 5000, () => false)) break;
      await new Promise((passed) => setTimeout(passed, 20));
    }
    const others = outs.slice(1).map((out) => startPull(hub, folder, out));
    await new Promise((passed) => setTimeout(passed, 1500));
    dying.kill("SIGKILL");
    await dying.output();
    for (const other of others) {
      const { success, stderr } = await other.output();
      assert.ok(success, new TextDecoder().decode(stderr));
    }
    for (const out of outs.slice(1)) {
      assert.deepEqual(await Deno.readFile(join(out, "weights.safetensors")), intervention["weights.safetensors"]);
    }
    const ranges = hub.requests.filter(({ line }) => isWeights.test(line)).map(({ range }) => range);
    assert.deepEqual(ranges, [null, "bytes=5000-"]);
    await assert.rejects(Deno.stat(outs[0]!));
  }));
