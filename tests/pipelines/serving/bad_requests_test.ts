/** A bad request is answered in OpenAI's error format with its status, and the server continues. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
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
      [{ ...good, prompt: "the cat and a dog ".repeat(60) }, 400, "messages", /maximum context length is 64 tokens/],
      [{ ...good, model: "out:other" }, 404, "model", /there is no model "out:other"; .*"out:main"/],
      [{ ...good, model: undefined }, 400, "model", /"model" is missing/],
      [{ ...good, max_tokens: 0 }, 400, "max_tokens", /"max_tokens" is 0; give a whole number of at least 1/],
      [{ ...good, max_tokens: -1 }, 400, "max_tokens", /"max_tokens" is -1/],
      [{ ...good, max_tokens: 60 }, 400, "max_tokens", /request at most \d+ new ones/],
      [{ ...good, max_tokens: 65 }, 400, "max_tokens", /generates at most 64 tokens/],
      [{ ...good, temperature: "hot" }, 400, "temperature", /"temperature" is "hot"/],
      [{ ...good, top_p: 2 }, 400, "top_p", /from 0 to 1/],
      [{ ...good, n: 100 }, 400, "n", /from 1 to 16/],
      [{ ...good, stop: Array.from({ length: 10_000 }, (_, at) => `${at}`) }, 400, "stop", /"stop" is a list of 10000/],
      [{ ...good, stop: [""] }, 400, "stop", /a stop text is empty/],
      [{ ...good, logit_bias: { a: 1 } }, 400, "logit_bias", /"a"/],
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
    }
    assert.equal(await text(good.prompt), expected);
  }));

Deno.test("a slow body, an unknown path, method or host, and a wrong key are refused", () =>
  inService({ limits: { body: { bytes: 1000, seconds: 0.05 } } }, async ({ refused, ask }) => {
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    });
    assert.deepEqual((await refused(path, undefined, { method: "POST", body: slow }))[0], 408);
    assert.deepEqual((await refused("/v1/complete", good))[0], 404);
    assert.deepEqual((await refused(path))[0], 405);
    assert.deepEqual((await refused("/v1/models/none"))[0], 404);
    assert.deepEqual((await refused("/v1/models", undefined, {}, { hosts: ["localhost"] }))[1].code, "wrong_host");
    const elsewhere = { headers: { origin: "http://evil.example" } };
    assert.deepEqual((await refused("/v1/models", undefined, elsewhere))[1].code, "wrong_origin");
    const access = { key: "secret" }, sent = { headers: { authorization: "Bearer secret" } };
    assert.deepEqual((await refused("/v1/models", undefined, {}, access))[1].code, "invalid_api_key");
    assert.equal((await ask("/v1/models", undefined, sent, access)).status, 200);
    assert.equal((await ask("/health", undefined, {}, access)).status, 200);
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
    assert.match((await ask([{ role: "user", content: image }]))[1].message, /"content" is a list of 1; give a text/);
    const parts = [{ role: "user", content: [{ type: "text", text: "The" }, { type: "text", text: " cat" }] }];
    const whole = [{ role: "user", content: "The cat" }], body = { model: "base", max_tokens: 5, temperature: 0 };
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
