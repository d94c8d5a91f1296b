/** A shared cache: what one store makes another reads, and a faulty cache only makes a run slower. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { SharedCache } from "../../../pipelines/store/shared_cache.ts";
import { keyOf, Store } from "../../../pipelines/store/store.ts";
import { freePort } from "../../support/free_port.ts";
import { inFolder } from "../models/support.ts";

/** The content of a server, by path. */
type Kept = Map<string, Uint8Array<ArrayBuffer>>;

/** Runs a test with a server that keeps what is PUT. */
async function withServer(
  test: (address: string, kept: Kept, asked: string[]) => Promise<void>,
  answer: (path: string, kept: Kept) => Response | undefined | Promise<Response> = () => undefined,
): Promise<void> {
  const kept: Kept = new Map(), asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname.split("/")[2]} ${request.headers.get("authorization") ?? "-"}`);
    const special = await answer(pathname, kept);
    if (special !== undefined) return special;
    if (request.method === "PUT") {
      // As bazel-remote, and others in front of object storage, require.
      if (!request.headers.has("content-length")) return new Response(null, { status: 411 });
      kept.set(pathname, new Uint8Array(await request.arrayBuffer()));
      return new Response(null, { status: 201 });
    }
    const found = kept.get(pathname);
    return found === undefined ? new Response(null, { status: 404 }) : new Response(found);
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}/cache`, kept, asked);
  } finally {
    await server.shutdown();
  }
}

const key = keyOf({ of: "a test" });

/** A separate store that uses the cache, and its notes. */
function storeAt(folder: string, address: string, patience = 20_000) {
  const notes: string[] = [], warn = (note: string) => void notes.push(note);
  return { store: new Store(folder, { shared: new SharedCache({ address, token: "secret", warn, patience }) }), notes };
}

async function fill(store: Store, kind = "train"): Promise<void> {
  await store.put(kind, key, (entry) => {
    entry.declare({ tensors: [{ name: "a", dtype: "F32", shape: [3] }] });
    entry.append("a", new Float32Array([1, 2, 3]));
  });
  await store.shared();
}

Deno.test("entries of one store reach another through the cache, and are kept", () =>
  inFolder((folder) =>
    withServer(async (address, kept, asked) => {
      const one = storeAt(join(folder, "one"), address), other = storeAt(join(folder, "other"), address);
      await fill(one.store);
      await fill(one.store, "part");
      assert.deepEqual(asked, ["PUT cas Bearer secret", "PUT ac Bearer secret"]);
      for (const [path, bytes] of kept) {
        if (path.includes("/cas/")) {
          assert.equal(path.split("/").at(-1), createHash("sha256").update(bytes).digest("hex"));
        }
      }
      assert.ok(!other.store.has("train", key));
      await other.store.fetch("train", key);
      assert.ok(other.store.has("train", key));
      using entry = await other.store.get("train", key);
      assert.deepEqual([...await entry!.read("a")], [1, 2, 3]);
      assert.deepEqual(asked.slice(2), ["GET ac Bearer secret", "GET cas Bearer secret"]);
      assert.equal(await other.store.get("encode", key), undefined);
      assert.deepEqual([...one.notes, ...other.notes], []);
    })
  ));

/** Faulty responses of a server, and the expected notes. */
const faults: Readonly<Record<string, readonly [answer: (path: string, kept: Kept) => Response | undefined, RegExp]>> =
  {
    "other bytes for a digest": [(path, kept) => {
      const found = kept.get(path);
      return path.includes("/cas/") && found !== undefined ? new Response(found.map((byte) => byte ^ 1)) : undefined;
    }, /different bytes than requested/],
    "a truncated file": [(path, kept) => {
      const found = kept.get(path);
      return path.includes("/cas/") && found !== undefined ? new Response(found.slice(0, 40)) : undefined;
    }, /different bytes than requested/],
    "an endless file": [(path, kept) => {
      if (!path.includes("/cas/") || !kept.has(path)) return undefined;
      return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1 << 16)) }));
    }, /different bytes than requested/],
    "no ActionResult": [
      (path, kept) => path.includes("/ac/") && kept.size > 1 ? new Response("<html>") : undefined,
      /does not name that entry/,
    ],
    "an endless result": [(path, kept) => {
      if (!path.includes("/ac/") || kept.size < 2) return undefined;
      return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1 << 16)) }));
    }, /too long/],
    "a refusal": [(_, kept) => kept.size > 1 ? new Response("no", { status: 403 }) : undefined, /status 403/],
    "a redirect": [
      (_, kept) => kept.size > 1 ? new Response(null, { status: 302, headers: { location: "/x" } }) : undefined,
      /redirect/i,
    ],
  };

for (const [fault, [answer, says]] of Object.entries(faults)) {
  Deno.test(`a cache that returns ${fault} is reported to fail, and nothing of it is kept`, () =>
    inFolder((folder) =>
      withServer(async (address) => {
        await fill(storeAt(join(folder, "one"), address).store);
        const { store, notes } = storeAt(join(folder, "other"), address);
        assert.equal(await store.get("train", key), undefined);
        assert.equal(notes.length, 1);
        assert.match(notes[0]!, says);
        assert.deepEqual(store.entries(), []);
        // The run makes the entry itself.
        await fill(store);
        using entry = await store.get("train", key);
        assert.ok(entry !== undefined);
      }, answer)
    ));
}

Deno.test("a note on an unreachable cache says why it is", () =>
  inFolder(async (folder) => {
    const { store, notes } = storeAt(folder, `http://127.0.0.1:${freePort()}/cache`);
    await store.get("train", key);
    assert.match(
      notes[0]!,
      /^the shared cache at 127\.0\.0\.1:\d+ fails \(.*[Cc]onnection refused\); the run continues/,
    );
  }));

Deno.test("an unreachable or silent cache is no longer used after three tries", () =>
  inFolder(async (folder) => {
    const { store, notes } = storeAt(join(folder, "dead"), "http://127.0.0.1:9/");
    for (let tries = 0; tries < 5; tries++) assert.equal(await store.get("train", key), undefined);
    assert.equal(notes.length, 2);
    assert.match(notes[1]!, /it is not used again/);
    await withServer(async (address) => {
      const silent = storeAt(join(folder, "silent"), address, 100);
      const start = performance.now();
      assert.equal(await silent.store.get("train", key), undefined);
      assert.ok(performance.now() - start < 5000);
      assert.match(silent.notes[0]!, /no answer within 0.1 s/);
    }, () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("late")), 400)));
  }));
