/**
 * Malicious servers other than the hub (a judge, MLflow, a shared cache, a package index): the client gives up on each
 * quickly, in little memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MlflowClient } from "../../pipelines/report/mlflow/client.ts";
import { SharedCache } from "../../pipelines/store/shared_cache.ts";
import { ask } from "../../pipelines/tasks/alpaca_eval/endpoint.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { tell } from "./support/form.ts";

const chunk = new Uint8Array(1 << 16).fill(0x20);

/** An endless body: `part` after `part`, as fast as it is read, or with a pause before each. */
function endless(part: Uint8Array<ArrayBuffer>, pause = 0): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      if (pause > 0) await new Promise((passed) => setTimeout(passed, pause));
      controller.enqueue(part);
    },
  });
}

const bomb = new Uint8Array(gzipSync(new Uint8Array(400e6), { level: 9 }));

/** The behaviours of a server, by name. */
const behaviours: Readonly<Record<string, (url: URL) => Response | Promise<Response>>> = {
  "an endless answer": () => new Response(endless(chunk)),
  "an answer that trickles forever": () => new Response(endless(new Uint8Array([0x20]), 20)),
  "an answer that stalls": () => new Response(endless(new Uint8Array([0x7b]), 1e5)),
  "a compressed bomb": () => new Response(bomb, { headers: { "content-encoding": "gzip" } }),
  "an endless refusal": () => new Response(endless(chunk), { status: 400 }),
  "a refusal that trickles forever": () => new Response(endless(new Uint8Array([0x20]), 20), { status: 403 }),
  "a failure that is a compressed bomb": () =>
    new Response(bomb, { status: 500, headers: { "content-encoding": "gzip" } }),
  "circular redirects": (url) => Response.redirect(url),
  "JSON that is nested 200,000 deep": () => new Response("[".repeat(200_000) + "]".repeat(200_000)),
  "nothing": () => new Response(null, { status: 204 }),
};

/** How each client is made to send requests; whether it reports an error or a note is up to the client. */
const clients: Readonly<Record<string, (address: string, folder: string) => Promise<unknown>>> = {
  "a judge": (address) =>
    ask({ address, model: "judge", key: "secret" }, { messages: [] }, (answer) => answer, {
      ...{ answer: 1000, firstWait: 1, longestWait: 10, tries: 2 },
    }),
  "MLflow": (address) => {
    const server = { address, authorization: "Basic secret", experiment: "p" };
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("the run has ended")), 3000);
    return new MlflowClient(server, stop.signal).create({ kind: "run", run: "a", name: "a", tags: [] }, undefined, 0);
  },
  "a shared cache": async (address, folder) => {
    const notes: string[] = [], file = join(folder, "entry");
    const cache = new SharedCache({ address, token: "secret", warn: (note) => notes.push(note), patience: 500 });
    using into = await Deno.open(file, { write: true, create: true });
    assert.equal(await cache.fetch("train", "a".repeat(64), into, 1e6), false);
    assert.ok((await Deno.stat(file)).size <= 1e6);
    throw new Error(notes.join("; ") || "nothing is there");
  },
};

for (const [client, call] of Object.entries(clients)) {
  for (const [name, behave] of Object.entries(behaviours)) {
    Deno.test(`the client gives up on ${client} with ${name}`, () =>
      inFolder(async (folder) => {
        const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
          return behave(new URL(request.url));
        });
        const before = Deno.memoryUsage().rss, begun = performance.now();
        let peak = before;
        const watching = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 20);
        try {
          const message = await call(`http://127.0.0.1:${server.addr.port}`, folder).then(
            () => "",
            (error: unknown) => error instanceof Error ? error.message : String(error),
          );
          assert.ok(message !== "" && message.length < 600 && !message.includes("secret"), message.slice(0, 1000));
          if (Deno.args.includes("--tell")) tell(message);
        } finally {
          clearInterval(watching);
          await server.shutdown();
        }
        const seconds = (performance.now() - begun) / 1000;
        assert.ok(seconds < 10, `${seconds.toFixed(1)} s`);
        assert.ok(peak - before < 1e9, `${((peak - before) / 1e6).toFixed(0)} MB`);
      }));
  }
}
