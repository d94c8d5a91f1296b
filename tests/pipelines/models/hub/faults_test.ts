/**
 * Downloads from a faulty hub: each succeeds, or fails with a one-line error and keeps nothing damaged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { StoppedError } from "../../../../pipelines/common/errors.ts";
import { resolveModelFolder, type SourceOptions } from "../../../../pipelines/models/open/source.ts";
import {
  type Fault,
  type Files,
  gitSha1,
  hasty,
  type Hub,
  impatient,
  type RepositoryOptions,
  sha256,
  withHub,
} from "../../../support/hub.ts";
import { assertOneLine, inFolder } from "../support.ts";

const weights = "weights".repeat(50_000), blob = sha256(weights);
const files: Files = { "config.json": "{}", "tokenizer.json": "{ }", "model.safetensors": weights };
const file = /^GET .*\/resolve\/.*\/model\.safetensors$/;

/** The blobs in the cache that are incomplete or do not match the digests in their names. */
function remains(cache: string): readonly string[] {
  const repository = join(cache, "models--owner--name");
  try {
    return Array.from(Deno.readDirSync(join(repository, "blobs")), ({ name }) => {
      const bytes = Deno.readFileSync(join(repository, "blobs", name));
      return [sha256(bytes), gitSha1(bytes)].includes(name) ? [] : [name];
    }).flat();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const isLinked = (cache: string) =>
  ["snapshots", "refs"].some((part) => {
    try {
      return Deno.statSync(join(cache, "models--owner--name", part)).isDirectory;
    } catch {
      return false;
    }
  });

interface Case {
  readonly faults?: readonly Fault[];
  readonly repository?: Partial<RepositoryOptions>;
  readonly env?: Readonly<Record<string, string>>;
  readonly more?: Partial<SourceOptions>;
  readonly id?: string;
}

async function inCase(
  { faults = [], repository = {}, env = {}, more = {}, id = "owner/name" }: Case,
  test: (hub: Hub, cache: string, resolve: () => ReturnType<typeof resolveModelFolder>) => Promise<void>,
): Promise<void> {
  await withHub({ "owner/name": { files, ...repository } }, (hub) =>
    inFolder((base) => {
      hub.fail(...faults);
      const options = {
        base,
        timings: impatient,
        env: { HF_HUB_CACHE: base, HF_ENDPOINT: hub.endpoint, ...env },
        ...more,
      };
      return test(hub, base, () => resolveModelFolder(id, options));
    }));
}

/** Tests that a download succeeds despite faults. */
function overcomes(name: string, where: Case, more?: (hub: Hub) => void): void {
  Deno.test(`a download overcomes ${name}`, () =>
    inCase(where, async (hub, cache, resolve) => {
      const { folder } = await resolve();
      assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), weights);
      assert.deepEqual(remains(cache), []);
      more?.(hub);
    }));
}

/**
 * Tests that a download fails with a one-line error and leaves no snapshot in the cache, and that it succeeds once the
 * faults are over.
 */
function refuses(name: string, where: Case, pattern: RegExp, more?: (hub: Hub, cache: string) => void): void {
  Deno.test(`a download refuses ${name}`, () =>
    inCase(where, async (hub, cache, resolve) => {
      await assert.rejects(resolve(), (error) => assertOneLine(error, pattern));
      assert.ok(!isLinked(cache), "the cache has no snapshot");
      if (more === undefined) assert.deepEqual(remains(cache), []);
      else more(hub, cache);
      hub.fail();
      if (where.faults !== undefined) {
        const { folder } = await resolve();
        assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), weights);
      }
    }));
}

const ranges = (hub: Hub) => hub.requests.filter(({ line }) => file.test(line)).map(({ range }) => range);

overcomes("a connection that breaks", { faults: [{ at: file, times: 2, breaksAfter: 1000 }] }, (hub) => {
  assert.deepEqual(ranges(hub), [null, "bytes=1000-", "bytes=2000-"]);
});
overcomes(
  "a response that ends early as if it were complete",
  { faults: [{ at: file, times: 1, endsAfter: 999 }] },
  (hub) => {
    assert.deepEqual(ranges(hub), [null, "bytes=999-"]);
  },
);
overcomes("a server that stalls", { faults: [{ at: file, times: 1, silentAfter: 500 }] }, (hub) => {
  assert.deepEqual(ranges(hub), [null, "bytes=500-"]);
});
overcomes(
  "a server that ignores ranges",
  { faults: [{ at: file, times: 1, breaksAfter: 1000 }, { at: file, ignoresRange: true }] },
  (hub) => assert.deepEqual(ranges(hub), [null, "bytes=1000-"]),
);
overcomes("a server that fails temporarily", { faults: [{ at: /revision/, times: 2, status: 503 }] });
overcomes("a gateway that fails temporarily", { faults: [{ at: file, times: 2, status: 502, body: "<html>" }] });
Deno.test("a download waits for as long as a rate-limiting server asks", () =>
  inCase({
    faults: [{ at: /tree/, times: 1, status: 429, headers: { "retry-after": "0.3" } }],
    more: { timings: { ...hasty, pause: 60_000, longestPause: 300 } },
  }, async (hub, _, resolve) => {
    const start = performance.now();
    await resolve();
    assert.ok(performance.now() - start >= 290);
    assert.equal(hub.lines().filter((line) => line.includes("/tree/")).length, 2);
  }));

Deno.test("a download continues where an earlier one stopped, even one of another tool", () =>
  inCase({ faults: [{ at: file, breaksAfter: 1000 }] }, async (hub, cache, resolve) => {
    await assert.rejects(
      resolve(),
      (error) => assertOneLine(error, /model\.safetensors broke off at byte 3000 of 350000/),
    );
    const partial = join(cache, "models--owner--name", "blobs", `${blob}.incomplete`);
    assert.equal(await Deno.readTextFile(partial), weights.slice(0, 3000));
    hub.fail();
    hub.requests.length = 0;
    const { folder } = await resolve();
    assert.deepEqual(ranges(hub), ["bytes=3000-"]);
    assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), weights);
    assert.deepEqual(remains(cache), []);
  }));

for (
  const [name, left, asked] of [
    ["is complete", weights, []],
    ["is longer than the file", weights + "more", [null]],
    ["has other content", "something else", ["bytes=14-", null]],
    ["has other content of the same length", "x".repeat(weights.length), [null]],
  ] as const
) {
  Deno.test(`a download completes or replaces a partial file that ${name}`, () =>
    inCase({}, async (hub, cache, resolve) => {
      const blobs = join(cache, "models--owner--name", "blobs");
      await Deno.mkdir(blobs, { recursive: true });
      await Deno.writeTextFile(join(blobs, `${blob}.incomplete`), left);
      const { folder } = await resolve();
      assert.deepEqual(ranges(hub), asked);
      assert.equal(await Deno.readTextFile(join(folder, "model.safetensors")), weights);
      assert.deepEqual(remains(cache), []);
    }));
}

const url = String.raw`http://127\.0\.0\.1:\d+`;
const says = (text: string) => new RegExp(text.replaceAll("URL", url));

refuses(
  "a file that arrives damaged",
  { faults: [{ at: file, content: "x".repeat(weights.length) }] },
  says(
    "^model.safetensors arrived damaged, its digest is not .{64}; nothing of it was kept, download owner/name again",
  ),
);
refuses(
  "a small file that arrives damaged",
  { faults: [{ at: /config\.json$/, content: "[]" }] },
  says("^config.json arrived damaged, its digest is not .{40}; "),
);
refuses(
  "a file that is longer than listed",
  { faults: [{ at: file, content: weights + "more" }] },
  says("^model.safetensors arrived damaged, longer than the 350000 bytes that are listed; "),
);
refuses(
  "a file that ends early each time",
  { faults: [{ at: file, endsAfter: 0 }] },
  says("model.safetensors broke off at byte 0 of 350000, 3 times in a row: the server ended it early"),
);
refuses(
  "a repository that does not exist",
  { id: "owner/other", env: { HF_TOKEN: "hf_some" } },
  says(
    "^owner/other does not exist on URL or needs a permission that the token of HF_TOKEN lacks; correct the",
  ),
);
refuses(
  "a private repository without a token",
  { repository: { token: "hf_right" } },
  says(
    "^owner/name does not exist on URL or needs a permission; correct the name, or set HF_TOKEN to a token with access$",
  ),
);
refuses(
  "a revision that does not exist",
  { more: { revision: "dev" } },
  says('^owner/name has no revision "dev" on URL; give one of its branches, tags or commits$'),
);
refuses("a revision that a server refuses without a reason", {
  faults: [{ at: /revision/, status: 404 }, { at: /HEAD/, status: 404 }],
}, says('^owner/name has no revision "main" on URL; '));
refuses("a repository that a server refuses without a reason", {
  faults: [{ at: /./, status: 404 }],
}, says("^owner/name does not exist on URL or needs a permission; "));
refuses(
  "a listed file that is missing on a mirror without tree listings",
  { faults: [{ at: /tree/, status: 404 }, { at: /HEAD .*model\.safetensors$/, status: 404 }] },
  says(
    "^URL lists model.safetensors of owner/name but does not have it \\(404\\); choose another revision or model, or",
  ),
);
refuses(
  "a mirror that has only files and does not report their commit",
  {
    faults: [
      { at: /api\/models/, status: 404 },
      { at: /HEAD/, status: 200, headers: { etag: `"${"0".repeat(40)}"`, "content-length": "0" } },
    ],
  },
  says("^URL does not respond like a Hugging Face hub \\(the commit is null, malformed\\); check HF_ENDPOINT"),
);
for (const headers of [{ "x-error-code": "EntryNotFound" }, {}]) {
  refuses(
    `a listed file that is missing, ${JSON.stringify(headers)}`,
    { faults: [{ at: file, status: 404, headers }] },
    says(
      "^URL lists model.safetensors of owner/name but does not have it \\(404\\); choose another revision or model, or give",
    ),
  );
}
refuses(
  "a server that does not answer in time",
  { faults: [{ at: /revision/, delay: 800 }] },
  says("^owner/name could not be downloaded from URL \\(no answer within 0.5 s\\); check the connection"),
);
refuses(
  "a file that keeps failing",
  { faults: [{ at: file, status: 503 }] },
  says("^URL fails \\(model.safetensors: 503.*\\) after 3 attempts; run it again later"),
);
refuses(
  "a gated model with the token of another account",
  { repository: { licensee: "hf_right" }, env: { HF_TOKEN: "hf_wrong" } },
  says("^owner/name is gated: accept its licence on URL/owner/name, by the account whose token is in HF_TOKEN$"),
);
refuses("a token that is not valid", {
  faults: [{
    at: /./,
    status: 401,
    body: '{"error":"Invalid credentials hf_bad"}',
    headers: { "content-type": "application/json" },
  }],
  env: { HF_TOKEN: "hf_bad" },
}, says('^URL rejects the token of HF_TOKEN \\(401, "Invalid credentials …"\\); set HF_TOKEN to a valid one$'));
refuses(
  "a forbidden repository",
  { faults: [{ at: /./, status: 403, body: "Terms" }], env: { HF_TOKEN: "hf_a" } },
  says(
    '^URL forbids owner/name with the token of HF_TOKEN \\(403, "Terms"\\); set HF_TOKEN to a token of an account that has',
  ),
);
refuses(
  "to retry without end",
  { faults: [{ at: /./, status: 429, headers: { "retry-after": "0.01" } }] },
  says("^URL is limiting the rate of requests \\(429.*\\); run it again in 1 s, or set HF_TOKEN"),
  (hub) => assert.equal(hub.requests.length, 3),
);
refuses(
  "to wait longer than a person would",
  { faults: [{ at: /./, status: 429, headers: { "retry-after": "300" } }] },
  says("^URL is limiting the rate of requests \\(429.*\\); run it again in 300 s"),
  (hub) => assert.equal(hub.requests.length, 1),
);
refuses(
  "a server that keeps failing",
  { faults: [{ at: /./, status: 500, body: "<html>" }] },
  says("^URL fails \\(500.*\\) after 3 attempts; run it again later, or give a folder that holds owner/name$"),
  (hub) => assert.equal(hub.requests.length, 3),
);
refuses(
  "a response that is not a hub's",
  { faults: [{ at: /revision/, status: 200, body: "<html>" }] },
  says(
    "^URL does not respond like a Hugging Face hub \\(the answer is not what was asked for, malformed\\); check HF_ENDPOINT$",
  ),
);
refuses(
  "a host that is not permitted",
  { faults: [{ at: file, redirect: "https://cdn.example.com" }] },
  says(
    "^URL has files of owner/name on cdn.example.com(:443)?, which is not among the hosts that --allow-net permits; run it again with --allow-net=cdn",
  ),
);
refuses(
  "an endpoint that is not a URL",
  { env: { HF_ENDPOINT: "huggingface.co" } },
  /^HF_ENDPOINT "huggingface\.co" is not a URL; /,
);
refuses(
  "a token with invalid characters",
  { env: { HF_TOKEN: "hf_ä" } },
  /^HF_TOKEN contains characters that are not valid in a token; [^ä]*$/,
);

const sharded = (index: string): Case => ({
  repository: {
    files: { ...files, "model.safetensors.index.json": index, "model.safetensors": weights, "1.safetensors": "1" },
  },
});
const withIndex = (index: string): Case => {
  const { "model.safetensors": _, ...others } = sharded(index).repository!.files!;
  return { repository: { files: others } };
};
const map = (...shards: readonly string[]) =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((s, i) => [i, s])) });

refuses(
  "an index that names a missing shard",
  withIndex(map("1.safetensors", "2.safetensors")),
  /^model\.safetensors\.index\.json of owner\/name names the shard "2\.safetensors", which the repository lacks; choose/,
);
refuses(
  "an index that is not JSON",
  withIndex("{"),
  /^model\.safetensors\.index\.json of owner\/name is not JSON; choose/,
);
refuses(
  "an index without a map",
  withIndex("{}"),
  /^model\.safetensors\.index\.json of owner\/name has no "weight_map"/,
);
refuses(
  "an index that leads out of the folder",
  withIndex(map("../1.safetensors")),
  /names the shard "\.\.\/1\.safetensors" outside its folder; choose/,
);
refuses(
  "weights that are not safetensors",
  { repository: { files: { "config.json": "{}", "pytorch_model.bin": "x" } } },
  /^owner\/name has no safetensors weights; /,
);
refuses(
  "shards without an index",
  { repository: { files: { "config.json": "{}", "model-1-of-2.safetensors": "x" } } },
  /^owner\/name has weights in several files and no model\.safetensors\.index\.json that lists them; /,
);

Deno.test("a failed download does not show the password in the endpoint's URL", () =>
  withHub({}, (hub) => {
    const env = { HF_ENDPOINT: hub.endpoint.replace("//", "//user:pass@word@") };
    return inCase({ env }, (_, __, resolve) =>
      assert.rejects(resolve(), (error) =>
        assertOneLine(error, / does not exist on http:\/\/127\.0\.0\.1:\d+ or /)));
  }));

Deno.test("a download from an unreachable server fails immediately", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = listener.addr;
  listener.close();
  const env = { HF_ENDPOINT: `http://127.0.0.1:${port}` };
  await inCase({ env, more: { timings: { ...hasty, pause: 60_000 } } }, async (_, cache, resolve) => {
    await assert.rejects(
      resolve(),
      (error) =>
        assertOneLine(error, says("^owner/name could not be downloaded from URL \\(.*refused\\); check the conn")),
    );
    assert.deepEqual(Array.from(Deno.readDirSync(cache)), []);
  });
});

Deno.test("a download is retried if connections break before a response, and fails in the end", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const closing = (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(1000));
      connection.close();
      if (connections === hasty.attempts) break;
    }
  })();
  await inCase({ env: { HF_ENDPOINT: `http://127.0.0.1:${listener.addr.port}` } }, async (_, __, resolve) => {
    const pattern = says(
      "^owner/name could not be downloaded from URL \\(connection closed before message completed\\); ",
    );
    await assert.rejects(resolve(), (error) => assertOneLine(error, pattern));
  });
  await closing;
  assert.equal(connections, hasty.attempts);
});

Deno.test("a download refuses names and digests that would lead out of the cache", async () => {
  for (
    const [fault, pattern] of [
      [{ at: /revision/, sha: "../../.." }, /the commit is "\.\.\/\.\.\/\.\."/],
      [{ at: /tree/, oid: "../../x" }, /the digest of config\.json is "\.\.\/\.\.\/x"/],
      [{ at: /tree/, path: "../config.json" }, /has no config\.json; /],
    ] as const
  ) {
    const { at, ...wrong } = fault;
    const entry = { type: "file", path: "config.json", size: 2, oid: gitSha1("{}"), sha: "0".repeat(40), ...wrong };
    const body = JSON.stringify("sha" in wrong ? entry : [entry, { ...entry, path: "model.safetensors" }]);
    await inCase({ faults: [{ at, status: 200, body }] }, async (_, cache, resolve) => {
      await assert.rejects(resolve(), (error) => assertOneLine(error, pattern));
      assert.ok(!isLinked(cache));
    });
  }
});

Deno.test("a download that can't be written reports it, and keeps the partial file for a later one", () =>
  inCase({}, async (hub, cache, resolve) => {
    const { write } = Deno.FsFile.prototype;
    let room = 100_000;
    Deno.FsFile.prototype.write = function (bytes) {
      if (room === 0) {
        return Promise.reject(Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" }));
      }
      const part = bytes.subarray(0, room);
      room -= part.length;
      return write.call(this, part);
    };
    try {
      await assert.rejects(
        resolve(),
        (error) =>
          assertOneLine(error, /\.incomplete: can't be written \(No space left on device\); free some space or /),
      );
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.ok(!isLinked(cache));
    assert.deepEqual(remains(cache), [`${blob}.incomplete`]);
    await resolve();
    assert.match(ranges(hub).at(-1)!, /^bytes=\d{5}-$/);
    assert.deepEqual(remains(cache), []);
  }));

Deno.test("a download stops on request, and continues later", () => {
  const stop = new AbortController(), reason = new StoppedError(130);
  const progress = (done: number) => done > 400 ? stop.abort(reason) : undefined;
  return inCase({
    faults: [{ at: file, times: 1, silentAfter: 500 }],
    more: { signal: stop.signal, progress, timings: hasty },
  }, async (hub, cache, resolve) => {
    await assert.rejects(resolve(), (error) => error === reason);
    assert.deepEqual(remains(cache), [`${blob}.incomplete`]);
    const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint };
    await resolveModelFolder("owner/name", { base: cache, env, timings: hasty });
    assert.deepEqual(ranges(hub), [null, "bytes=500-"]);
  });
});
