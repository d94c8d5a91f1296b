import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { resolveModelFolder } from "../../../pipelines/models/source.ts";
import { assertOneLine, inFolder } from "./support.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

/** What a hub holds, by path; weights are stored as large files. */
type Repository = Readonly<Record<string, string>>;

const model: Repository = {
  "README.md": "not needed",
  "config.json": '{"a":1}',
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{ }",
  "model.safetensors": "weights".repeat(100_000),
  "model.fp16.safetensors": "not needed",
  "pytorch_model.bin": "not needed",
};

function treeEntry(path: string, text: string): Readonly<Record<string, unknown>> {
  const size = text.length;
  const oid = createHash("sha1").update(`blob ${size}\0${text}`).digest("hex");
  const lfs = { oid: createHash("sha256").update(text).digest("hex"), size, pointerSize: 130 };
  return { type: "file", path, size, oid, ...(path.endsWith(".json") ? {} : { lfs }) };
}

interface Hub {
  readonly endpoint: string;
  /** Paths of the requests so far. */
  readonly requests: string[];
  /** Files that arrive with other content than listed. */
  readonly damaged: Set<string>;
}

/** Runs a test against a hub on this machine that has `owner/name` and, for the token `hf_right`, `owner/gated`. */
async function withHub(repository: Repository, test: (hub: Hub) => Promise<void>): Promise<void> {
  const requests: string[] = [];
  const damaged = new Set<string>();
  const answer = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    if (pathname.includes("owner/gated") && request.headers.get("authorization") !== "Bearer hf_right") {
      return Response.json({ error: "Access is\nrestricted." }, { status: 401 });
    }
    const [, kind, rest] = /^\/(?:api\/models\/)?owner\/(?:name|gated)\/(\w+)\/(.*)$/.exec(pathname) ?? [];
    if (kind === "revision" && (rest === "main" || rest === commit)) {
      return Response.json({ _id: "1", id: "owner/name", sha: commit, lastModified: "2024-01-01" });
    }
    if (kind === "tree" && rest === commit) {
      return Response.json(Object.entries(repository).map(([path, text]) => treeEntry(path, text)));
    }
    const text = repository[rest?.slice(commit.length + 1) ?? ""];
    if (kind !== "resolve" || text === undefined) return Response.json({ error: "Not found" }, { status: 404 });
    const headers = { etag: "x", "content-range": `bytes 0-0/${text.length}` };
    if (request.headers.has("range")) return new Response(text.slice(0, 1), { status: 206, headers });
    return new Response(damaged.has(basename(pathname)) ? "damaged" : text);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  try {
    await test({ endpoint: `http://127.0.0.1:${server.addr.port}/`, requests, damaged });
  } finally {
    await server.shutdown();
  }
}

// The hub's client leaves the bodies of its first requests for a file unread.
const unread = { sanitizeResources: false, sanitizeOps: false };

Deno.test("resolveModelFolder() downloads what it needs into the cache, checked and whole", unread, async () => {
  await withHub(model, async ({ endpoint, requests }) => {
    await inFolder(async (base) => {
      const env = { HF_HUB_CACHE: base, HF_ENDPOINT: endpoint };
      const seen: [number, number, string][] = [];
      const progress = (...told: [number, number, string]) => seen.push(told);

      const small = await resolveModelFolder("owner/name", { base, env, weights: false });
      const files = ["config.json", "tokenizer.json", "tokenizer_config.json"];
      assert.deepEqual(Array.from(Deno.readDirSync(small.folder), (entry) => entry.name).sort(), files);

      const { folder, name } = await resolveModelFolder("owner/name", { base, env, progress });
      const repository = join(base, "models--owner--name");
      assert.deepEqual([folder, name], [join(repository, "snapshots", commit), "owner/name"]);
      files.splice(1, 0, "model.safetensors");
      assert.deepEqual(Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort(), files);
      for (const file of files) assert.equal(await Deno.readTextFile(join(folder, file)), model[file]);
      assert.equal(await Deno.readTextFile(join(repository, "refs", "main")), commit);
      const link = await Deno.readLink(join(folder, "model.safetensors"));
      assert.match(link, /^\.\.[/\\]\.\.[/\\]blobs[/\\][0-9a-f]{64}$/);
      assert.equal(Array.from(Deno.readDirSync(join(repository, "blobs"))).length, 4);

      const total = files.reduce((sum, file) => sum + (model[file]?.length ?? 0), 0);
      assert.deepEqual(seen.at(-1)?.slice(0, 2), [total, total]);
      assert.ok(seen.every(([done], i) => done >= (seen[i - 1]?.[0] ?? 0)));
      assert.ok(!requests.some((path) => /README|fp16|pytorch/.test(path)));
      assert.equal(requests.filter((path) => path.endsWith("/config.json")).length, 2, "one download, in two requests");

      const before = requests.length;
      assert.equal((await resolveModelFolder("owner/name", { base, env })).folder, folder);
      assert.equal(requests.length, before, "the cache is complete");
      assert.equal((await resolveModelFolder("owner/name", { base, env, revision: commit })).folder, folder);
    });
  });
});

Deno.test("resolveModelFolder() keeps nothing of a file that arrives damaged", unread, async () => {
  await withHub(model, async ({ endpoint, damaged }) => {
    await inFolder(async (base) => {
      const options = { base, env: { HF_HUB_CACHE: base, HF_ENDPOINT: endpoint } };
      damaged.add("model.safetensors");
      await assert.rejects(
        resolveModelFolder("owner/name", options),
        (error) => assertOneLine(error, /could not be downloaded from .* \(model\.safetensors arrived damaged\); /),
      );
      const blobs = join(base, "models--owner--name", "blobs");
      assert.ok(Array.from(Deno.readDirSync(blobs)).every(({ name }) => /^[0-9a-f]{40}$/.test(name)));
      damaged.clear();
      const { folder } = await resolveModelFolder("owner/name", options);
      assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), model["model.safetensors"]);
    });
  });
});

Deno.test("resolveModelFolder() tells apart what the hub refuses", unread, async () => {
  await withHub({ "config.json": "{}", "pytorch_model.bin": "x" }, async ({ endpoint }) => {
    await inFolder(async (base) => {
      const env = { HF_HUB_CACHE: base, HF_ENDPOINT: endpoint };
      const rejects = (id: string, revision: string, token: string, pattern: RegExp) =>
        assert.rejects(
          resolveModelFolder(id, { base, revision, env: { ...env, HF_TOKEN: token } }),
          (error) => assertOneLine(error, pattern),
        );
      await rejects("owner/other", "main", "", /^owner\/other has no revision "main" on .*, or does not exist; /);
      await rejects("owner/name", "dev", "", /^owner\/name has no revision "dev" on /);
      await rejects("owner/gated", "main", "", /^owner\/gated does not exist on .* or needs a permission; .*HF_TOKEN/);
      await rejects("owner/gated", "main", "hf_right", /^owner\/gated has no safetensors weights; /);
    });
  });
});

Deno.test("resolveModelFolder() trusts no digest that would lead out of the cache", unread, async () => {
  const answer = ({ url }: Request) =>
    Response.json(url.includes("/tree/") ? [] : { sha: "../../..", lastModified: "2024-01-01" });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  try {
    await inFolder(async (base) => {
      const env = { HF_HUB_CACHE: base, HF_ENDPOINT: `http://127.0.0.1:${server.addr.port}` };
      await assert.rejects(
        resolveModelFolder("owner/name", { base, env }),
        (error) => assertOneLine(error, /malformed digest/),
      );
    });
  } finally {
    await server.shutdown();
  }
});
