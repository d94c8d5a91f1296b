/** A bad request is answered in OpenAI's error format with its status, and the server continues. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { serve } from "../../../pipelines/serving/serve.ts";
import type { Scene } from "../../support/scene.ts";
import { inService } from "./support.ts";

const good = { model: "base", prompt: "The cat\n", max_tokens: 4, temperature: 0 };
const path = "/v1/completions";

Deno.test("invalid bodies are refused with the invalid field, and valid ones are answered afterwards", () =>
  inService({ options: { waiting: 2 } }, async ({ refused, text }) => {
    const expected = await text(good.prompt);
    const cases: readonly (readonly [body: unknown, status: number, param: string | null, says: RegExp])[] = [
      ["{", 400, null, /the body is not JSON/],
      ["[1]", 400, null, /is not a JSON object/],
      [{ ...good, prompt: 3 }, 400, "prompt", /"prompt" is 3; give a text/],
      [{ ...good, prompt: undefined }, 400, "prompt", /"prompt" is missing/],
      [{ ...good, prompt: [99999] }, 400, "prompt", /the token 99999 is not one of the model's 512/],
      [{ ...good, prompt: "the cat and a dog ".repeat(60) }, 400, "prompt", /maximum context length is 64 tokens/],
      [{ ...good, model: "out:other" }, 404, "model", /there is no model "out:other"; .*"out:main"/],
      [{ ...good, model: undefined }, 400, "model", /"model" is missing/],
      [{ ...good, max_tokens: 0 }, 400, "max_tokens", /"max_tokens" is 0; give a whole number of at least 1/],
      [{ ...good, max_tokens: -1 }, 400, "max_tokens", /"max_tokens" is -1/],
      [{ ...good, max_tokens: 60 }, 400, "max_tokens", /request at most \d+ new ones/],
      [{ ...good, max_tokens: 65 }, 400, "max_tokens", /generates at most 64 tokens/],
      [{ ...good, max_completion_tokens: 60 }, 400, "max_completion_tokens", /request at most \d+ new ones/],
      [{ ...good, messages: [] }, 400, "messages", /is not supported: .* by \/v1\/chat\/completions/],
      [{ ...good, functions: [] }, 400, "functions", /is not supported: it was replaced by tools/],
      [{ ...good, stream_options: { include_usage: true } }, 400, "stream_options", /requires "stream": true/],
      [
        { ...good, stream: true, stream_options: { include_usages: true } },
        400,
        "stream_options",
        /has no "include_usages"; did you mean "include_usage"/,
      ],
      [{ ...good, temperature: "hot" }, 400, "temperature", /"temperature" is "hot"/],
      [{ ...good, top_p: 2 }, 400, "top_p", /from 0 to 1/],
      [{ ...good, n: 100 }, 400, "n", /from 1 to 16/],
      [{ ...good, stop: Array.from({ length: 10_000 }, (_, at) => `${at}`) }, 400, "stop", /"stop" is a list of 10000/],
      [{ ...good, stop: [""] }, 400, "stop", /a stop text is empty/],
      [{ ...good, logit_bias: { a: 1 } }, 400, "logit_bias", /"a"/],
      [{ ...good, logit_bias: { 512: 1 } }, 400, "logit_bias", /token "512", which is not one of the model's 512/],
      [{ ...good, logit_bias: { "05": 1 } }, 400, "logit_bias", /"05"/],
      [`{"temperature": 1e999, "model": "base", "prompt": "a"}`, 400, "temperature", /"temperature" is Infinity/],
      [`{"metadata": ${"[".repeat(40_000)}${"]".repeat(40_000)}}`, 400, null, /nests values more than 128 deep/],
      [`{\n"model":\n}`, 400, null, /the body is not JSON/],
      [{ ...good, metadata: nested(200) }, 400, null, /nests values more than 128 deep/],
      [{ ...good, "a\nb": 1 }, 400, '"a\\nb"', /supplied: "a\\nb"; use one of/],
      [{ ...good, ["k".repeat(90_000)]: 1 }, 400, JSON.stringify(`${"k".repeat(60)}…`), /k{60}…"; use one of/],
      [{ ...good, model: "m".repeat(90_000) }, 404, "model", /there is no model "m{60}…"/],
      [{ ...good, edit_strength: "1" }, 400, "edit_strength", /give a number/],
      [{ ...good, edits: ["none"] }, 404, "model", /there is no model "none"/],
      [{ ...good, edit_strength: [1, 2] }, 400, "edit_strength", /2 numbers for 1 models/],
      [
        { ...good, max_token: 3 },
        400,
        "max_token",
        /Unrecognized request argument supplied: max_token; did you mean "max_tokens"/,
      ],
      [{ ...good, __proto__: null, constructor: 1 }, 400, "constructor", /Unrecognized request argument/],
      [{ ...good, best_of: 4 }, 400, "best_of", /omit it/],
      [{ ...good, n: 11 }, 400, null, /11 answers are more than the server admits, 10/],
      ["x".repeat(100_001), 413, null, /more than 100000 bytes/],
    ];
    for (const [body, status, param, says] of cases) {
      const [found, error] = await refused(path, body);
      assert.deepEqual([found, error.param], [status, param], error.message);
      assert.match(error.message, says);
      assert.ok(!error.message.includes("\n") && error.message.length < 2100, error.message);
    }
    assert.equal(await text(good.prompt), expected);
  }));

/** A list in a list, and so on. */
const nested = (depth: number): unknown => depth === 0 ? 0 : [nested(depth - 1)];

Deno.test("a slow body, an unknown path, method or host, and a wrong key are refused", () =>
  inService({ limits: { body: { bytes: 1000, seconds: 0.05 } } }, async ({ refused, ask }) => {
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    });
    assert.deepEqual((await refused(path, undefined, { method: "POST", body: slow }))[0], 408);
    assert.deepEqual((await refused("/v1/complete", good))[0], 404);
    for (
      const [asked, says] of [
        ["/v1/responses", /send messages to \/v1\/chat\/completions/],
        ["/v1/embeddings", /deno task activations/],
        ["/v1/chat/completions/chatcmpl-1", /answers are not stored/],
        ["/v1/fine_tuning/jobs", /deno task run trains edits/],
        ["/v1/filed", /use one of those it has/],
      ] as const
    ) {
      const [status, { message }] = await refused(asked, {});
      assert.equal(status, 404);
      assert.match(message, says);
    }
    assert.deepEqual((await refused(path))[0], 405);
    const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("gone")) });
    assert.match(
      (await refused(path, undefined, { method: "POST", body: broken }))[1].message,
      /not arrive whole \(gone/,
    );
    assert.deepEqual((await refused("/v1/models/none"))[0], 404);
    assert.deepEqual((await refused("/v1/models/%ff"))[0], 404);
    assert.equal((await ask("/health", undefined, { method: "HEAD" })).status, 200);
    assert.equal((await ask(path, undefined, { method: "HEAD" })).status, 405);
    assert.deepEqual((await refused("/v1/models", undefined, {}, { hosts: ["localhost"] }))[1].code, "wrong_host");
    const elsewhere = { headers: { origin: "http://evil.example" } };
    assert.deepEqual((await refused("/v1/models", undefined, elsewhere))[1].code, "wrong_origin");
    const access = { key: "secret" }, sent = { headers: { authorization: "Bearer secret" } };
    assert.deepEqual((await refused("/v1/models", undefined, {}, access))[1].code, "invalid_api_key");
    assert.equal((await ask("/v1/models", undefined, sent, access)).status, 200);
    assert.equal((await ask("/health", undefined, {}, access)).status, 200);
  }));

Deno.test("a listening server answers an invalid Host in the error format, and HEAD without a body", () =>
  inService({}, async ({ service }) => {
    const stop = new AbortController(), listens = Promise.withResolvers<string>();
    const serving = serve(service, { hosts: ["127.0.0.1"] }, { hostname: "127.0.0.1", port: 0 }, {
      onListen: listens.resolve,
      signal: stop.signal,
      drainSeconds: 5,
      giveUp() {},
    });
    const port = Number(new URL(await listens.promise).port);
    const sent = async (head: string) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
      return await new Response(connection.readable).text();
    };
    for (const host of ["::1", "127.0.0.1:99999", "a b"]) {
      assert.match(await sent(`GET /health HTTP/1.1\r\nHost: ${host}`), /^HTTP\/1.1 400 .*is not a host; correct/s);
    }
    const headers = await sent("HEAD /health HTTP/1.1\r\nHost: 127.0.0.1");
    assert.match(headers, /^HTTP\/1.1 200 .*\r\n\r\n$/s);
    stop.abort();
    await serving;
  }));

Deno.test("prompts beyond the queue's limit are refused with 429, and all others are answered", () =>
  inService({ rows: 1, options: { waiting: 2 } }, async ({ ask }) => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => ask(path, good)));
    const statuses = responses.map(({ status }) => status);
    assert.deepEqual(statuses.toSorted(), [200, 200, 200, 429, 429, 429, 429, 429]);
    for (const response of responses) {
      if (response.status === 429) assert.equal(response.headers.get("retry-after"), "1");
      await response.body?.cancel();
    }
  }));

Deno.test("a model without a chat template is reported, and invalid conversations are refused", async () => {
  await inService({}, async ({ refused }) => {
    const messages = [{ role: "user", content: "The cat" }];
    assert.match((await refused("/v1/chat/completions", { model: "base", messages }))[1].message, /no chat template/);
  });
  const chatTemplate = "{% for m in messages %}{{ m.role[0] }} {{ m.content }}\n{% endfor %}a";
  await inService({ options: { chatTemplate } }, async ({ refused, answer }) => {
    const ask = (messages: unknown) => refused("/v1/chat/completions", { model: "base", messages, max_tokens: 3 });
    assert.match((await ask([]))[1].message, /"messages" is a list of 0/);
    assert.match((await ask([{ content: "a" }]))[1].message, /message 1: "role" is missing/);
    const image = [{ type: "image_url", image_url: { url: "x" } }];
    assert.match(
      (await ask([{ role: "user", content: image }]))[1].message,
      /a part of the type "image_url", but the model reads only/,
    );
    const whole = [{ role: "user", content: "The cat" }];
    const more = (body: object) => refused("/v1/chat/completions", { model: "base", messages: whole, ...body });
    assert.match((await more({ tools: [{ name: "f" }] }))[1].message, /"tools" is a list of 1; give a list of/);
    assert.equal((await more({ tools: [{ type: "function", function: nested(200) }] }))[0], 400);
    assert.match((await more({ modalities: ["audio"] }))[1].message, /the model answers with text/);
    assert.equal((await more({ max_completion_tokens: 3, max_tokens: "x" }))[1].param, "max_tokens");
    assert.equal((await more({ max_completion_tokens: 99 }))[1].param, "max_completion_tokens");
    const long = [{ role: "user", content: "a b ".repeat(60) }];
    assert.equal((await more({ messages: long }))[1].param, "messages");
    const parts = [{ role: "user", content: [{ type: "text", text: "The" }, { type: "text", text: " cat" }] }];
    const body = { model: "base", max_tokens: 5, temperature: 0 };
    const said = async (messages: unknown) => {
      return (await answer("/v1/chat/completions", { ...body, messages })).choices[0]!.message.content;
    };
    assert.equal(await said(parts), await said(whole));
  });
});

Deno.test("folders added to a watched one are served once they are complete and trained for the base", () => {
  const prepare = (scene: { path(name: string): string }) => Deno.mkdir(scene.path("watched"));
  const places = (scene: { path(name: string): string }) => ({ folders: [], watched: [scene.path("watched")] });
  return inService({ prepare, places }, async ({ scene, service: { catalog }, answer, notes, refused }) => {
    const trained = scene.path("out", "members", "main", "intervention"), place = scene.path("watched", "mine");
    assert.deepEqual(catalog.names, ["base"]);
    await Deno.mkdir(place);
    await Deno.copyFile(join(trained, "intervention.json"), join(place, "intervention.json"));
    await catalog.refresh();
    await catalog.refresh();
    assert.deepEqual(catalog.names, ["base"]);
    assert.equal(notes.length, 1);
    await Deno.copyFile(join(trained, "weights.safetensors"), join(place, "weights.safetensors"));
    await catalog.refresh();
    assert.deepEqual(catalog.names, ["base", "mine"]);
    await answer(path, { ...good, model: "mine" });
    await Deno.remove(place, { recursive: true });
    await catalog.refresh();
    assert.equal((await refused(path, { ...good, model: "mine" }))[0], 404);
  });
});

Deno.test("a folder that cannot be read, or whose name is taken, is noted once and keeps no other from being served", () => {
  const prepare = async (scene: Scene) => {
    await Deno.mkdir(scene.path("watched", "nothing"), { recursive: true });
    await Deno.symlink("self", scene.path("watched", "self"));
    await Deno.symlink(scene.path("out"), scene.path("watched", "out"));
  };
  const places = (scene: Scene) => ({ watched: ["watched", "absent"].map((name) => scene.path(name)) });
  return inService({ prepare, places }, async ({ scene, service: { catalog }, notes }) => {
    const trained = scene.path("out", "members", "main", "intervention");
    for (const name of ["base", "out:main", "mine"]) await Deno.symlink(trained, scene.path("watched", name));
    await Deno.rename(scene.path("watched", "out"), scene.path("watched", "other"));
    for (let times = 0; times < 3; times++) await catalog.refresh();
    assert.deepEqual(catalog.names, ["base", "out:main", "mine", "other:main"]);
    const says = [/absent is not served: there is no such folder yet/, /self is not served: .*can't be read/];
    says.push(/watched.base is not served: "base" is the model without edits/);
    assert.equal(notes.length, says.length, notes.join("\n"));
    for (const each of says) assert.ok(notes.some((note) => each.test(note)), notes.join("\n"));
    await Deno.remove(scene.path("watched", "mine"));
    await Deno.mkdir(scene.path("watched", "mine"));
    for (const name of ["intervention.json", "weights.safetensors"]) {
      await Deno.copyFile(join(trained, name), scene.path("watched", "mine", name));
    }
    await Deno.mkdir(scene.path("absent"));
    await Deno.symlink(scene.path("watched", "mine"), scene.path("absent", "mine"));
    await Deno.symlink(trained, scene.path("absent", "other:main"));
    await catalog.refresh();
    assert.deepEqual(notes.slice(says.length), []);
    await Deno.remove(scene.path("absent", "mine"));
    await Deno.symlink(trained, scene.path("absent", "mine"));
    await catalog.refresh();
    assert.match(
      notes.slice(says.length).join(),
      /absent.mine is not served: .*watched.mine has the same name; rename/,
    );
  });
});
