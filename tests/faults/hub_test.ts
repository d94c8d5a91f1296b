/**
 * A malicious hub: each behaviour ends with the requested files or with a one-line error, quickly and in little memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { DiskError, RequestError } from "../../pipelines/common/errors.ts";
import { resolveModelFolder } from "../../pipelines/models/open/source.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { treeOf } from "../support/command.ts";
import { type Files, gitSha1, impatient, sha256, withHub } from "../support/hub.ts";
import { tell } from "./support/form.ts";

const id = "owner/name", weights = "weights".repeat(1000), commit = "a".repeat(40);
const files: Files = { "config.json": "{}", "tokenizer.json": "{}", "model.safetensors": weights };

/** The hub's response to a request, by `METHOD /path`; undefined for the normal response. */
type Answer = (line: string, url: URL, headers: Headers) => Response | undefined;

const chunk = new Uint8Array(1 << 16).fill(0x20);

/** An endless body: `chunk` after `chunk`, as fast as it is read, or with a pause before each. */
function endless(part: Uint8Array<ArrayBuffer> = chunk, pause = 0): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      if (pause > 0) await new Promise((passed) => setTimeout(passed, pause));
      controller.enqueue(part);
    },
  });
}

const one = new Uint8Array([0x20]), isInfo = /\/revision\//, isTree = /\/tree\//, isFile = /\/resolve\//;
const json = (value: unknown, headers: HeadersInit = {}) => Response.json(value, { headers });
const info = (value: object) => json({ _id: "1", id, sha: commit, siblings: [], ...value });
const when = (pattern: RegExp, answer: (url: URL, headers: Headers) => Response): Answer => (line, url, headers) =>
  pattern.test(line) ? answer(url, headers) : undefined;
const entry = (path: unknown, more: object = {}) => ({ type: "file", path, size: 2, oid: gitSha1("{}"), ...more });
const tree = (...entries: readonly unknown[]) => when(isTree, () => json(entries));
const listed = [entry("config.json"), entry("tokenizer.json")];
const large = (size: unknown, oid: unknown = sha256(weights)) =>
  entry("model.safetensors", { size, oid: gitSha1(weights), lfs: { oid, size, pointerSize: 130 } });
const status = (code: number, body: BodyInit | null, headers: HeadersInit = {}) => () =>
  new Response(body, { status: code, headers });
const bomb = new Uint8Array(gzipSync(new Uint8Array(400e6), { level: 9 }));
const zipped = () =>
  new Response(bomb, { headers: { "content-encoding": "gzip", "content-type": "application/json" } });
const deep = "[".repeat(200_000) + "]".repeat(200_000);
let pages = 0;

/** The behaviours, by name. */
const behaviours: Readonly<Record<string, Answer>> = {
  "an endless description": when(isInfo, () => new Response(endless())),
  "a description that trickles forever": when(isInfo, () => new Response(endless(one, 20))),
  "a description that never comes": when(isInfo, () => new Response(endless(one, 1e5))),
  "a compressed bomb as a description": when(isInfo, zipped),
  "a description nested 200,000 deep": when(isInfo, () => new Response(deep)),
  "null as a description": when(isInfo, () => json(null)),
  "a number as a description": when(isInfo, () => json(7)),
  "a description that is a page": when(isInfo, () => new Response("<html>".repeat(1000))),
  "a commit with a path in it": when(isInfo, () => info({ sha: "../../../../tmp/escaped" })),
  "a commit that is a list": when(isInfo, () => info({ sha: [commit] })),
  "a commit of a megabyte": when(isInfo, () => info({ sha: "a".repeat(1e6) })),
  "names that are not strings": (line) =>
    isInfo.test(line)
      ? info({ siblings: [{ rfilename: 5 }, {}] })
      : isTree.test(line)
      ? new Response(null, { status: 404 })
      : undefined,
  "names that are not a list": (line) =>
    isInfo.test(line) ? info({ siblings: 5 }) : isTree.test(line) ? new Response(null, { status: 404 }) : undefined,
  "an endless listing": when(isTree, () => new Response(endless())),
  "a listing that trickles forever": when(isTree, () => new Response(endless(one, 20))),
  "a compressed bomb as a listing": when(isTree, zipped),
  "a next page that is the same": when(isTree, (url) => json(listed, { link: `<${url.href}>; rel="next"` })),
  "endless next pages": when(isTree, (url) => {
    url.searchParams.set("cursor", String(pages++));
    return json(listed, { link: `<${url.href}>; rel="next"` });
  }),
  "a next page at another host": when(isTree, () => json(listed, { link: '<http://127.0.0.1:1/next>; rel="next"' })),
  "a next page of another scheme": when(isTree, () => json(listed, { link: '<file:///etc/passwd>; rel="next"' })),
  "a link header of 60 kB": when(isTree, () => json(listed, { link: "<".repeat(60_000) })),
  "250,000 files on a page": when(isTree, () => json(Array.from({ length: 250_000 }, (_, at) => entry(`f${at}`)))),
  "an object as a listing": when(isTree, () => json({})),
  "entries that are null": tree(null, null),
  "paths that are not strings": tree(...listed, entry(5), entry({}), entry(null)),
  "paths out of the folder": tree(...listed, entry("../../escaped"), entry("/tmp/escaped"), entry("..\\escaped")),
  "a size below 0": tree(...listed, large(-1)),
  "a size that is a string": tree(...listed, large("7000")),
  "a size of a petabyte": tree(...listed, large(1e15)),
  "a size beyond integers": tree(...listed, large(1e300)),
  "a digest that is a path": tree(...listed, large(7000, "../../../escaped")),
  "a digest of another file": tree(...listed, large(7000, sha256("other"))),
  "a size smaller than the file": tree(...listed, large(10)),
  "a size larger than the file": tree(...listed, large(7001)),
  "an endless refusal": when(isInfo, status(400, endless())),
  "a refusal that trickles forever": when(isInfo, status(403, endless(one, 20))),
  "a refusal that is a compressed bomb": when(isInfo, status(400, bomb, { "content-encoding": "gzip" })),
  "a refusal with terminal escapes": when(isInfo, status(400, '{"error":"\\u001b]0;owned\\u0007\\u001b[2J"}')),
  "endless failures": when(isInfo, status(503, "")),
  "failures that ask for an hour": when(isInfo, status(503, "", { "retry-after": "3600" })),
  "failures that ask for a century": when(isInfo, status(429, "", { "retry-after": "Fri, 01 Jan 2125 00:00:00 GMT" })),
  "failures that ask for nonsense": when(isInfo, status(429, "", { "retry-after": "-1e999 soon" })),
  "an endless file": when(isFile, () => new Response(endless())),
  "a file that trickles forever": when(isFile, () => new Response(endless(one, 20))),
  "a file that is a compressed bomb": when(isFile, zipped),
  "a file that is empty": when(isFile, () => new Response("")),
  "a file of another content": when(isFile, () => new Response("x".repeat(7000))),
  "circular redirects": when(isFile, (url) => Response.redirect(url)),
  "a redirect to another scheme": when(isFile, status(302, null, { location: "file:///etc/passwd" })),
  "a redirect without a location": when(isFile, status(302, null)),
  "an unrequested part of a file": when(isFile, status(206, "{}", { "content-range": "bytes 5-6/7" })),
  "ranges that are nonsense": when(isFile, status(206, "{}", { "content-range": "bytes ?-?/?" })),
  "a range that is refused repeatedly": when(isFile, status(416, "")),
  "switching protocols": when(isInfo, status(204, null)),
};

for (const [name, answer] of Object.entries(behaviours)) {
  Deno.test(`a hub with ${name} leads to a one-line error or to the files`, () =>
    withHub({ [id]: { files } }, async (hub) => {
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
        const url = new URL(request.url), line = `${request.method} ${url.pathname}`;
        const hostile = answer(line, url, request.headers);
        if (hostile !== undefined) return hostile;
        const { status, headers, body } = await fetch(new URL(url.pathname + url.search, hub.endpoint), request);
        return new Response(body, { status, headers });
      });
      const before = Deno.memoryUsage().rss, begun = performance.now();
      let peak = before;
      const watching = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 20);
      try {
        await inFolder(async (base) => {
          const env = { HF_HUB_CACHE: `${base}/cache`, HF_ENDPOINT: `http://127.0.0.1:${server.addr.port}` };
          const came = await resolveModelFolder(id, { base, timings: impatient, env }).then(
            async ({ folder }) => {
              assert.equal(await Deno.readTextFile(`${folder}/config.json`), "{}");
              return "the files";
            },
            (error: unknown) => {
              assert.ok(error instanceof RequestError || error instanceof DiskError, Deno.inspect(error));
              // deno-lint-ignore no-control-regex
              assert.ok(!/[\n\u001b\u0007]/.test(error.message), error.message);
              assert.ok(error.message.length < 600, `${error.message.length} characters`);
              return error.message;
            },
          );
          const strays = treeOf(base).filter((path) => !path.startsWith("cache/"));
          assert.deepEqual(strays, [], "nothing lies outside of the cache");
          if (Deno.args.includes("--tell")) tell(came);
        });
      } finally {
        clearInterval(watching);
        await server.shutdown();
      }
      const seconds = (performance.now() - begun) / 1000;
      assert.ok(seconds < 10, `${seconds.toFixed(1)} s`);
      assert.ok(peak - before < 1e9, `${((peak - before) / 1e6).toFixed(0)} MB`);
    }));
}
tell(`${Object.keys(behaviours).length} hostile behaviours of a hub`);
