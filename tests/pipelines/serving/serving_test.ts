/** Answers to requests: by the named edit, alone or with other requests, whole or as a stream. @module */
import assert from "node:assert/strict";
import { sceneRows } from "../../support/scene.ts";
import { t5Parts, tinyT5Config } from "../../support/tiny_t5.ts";
import { eventsOf, inService, type Served } from "./support.ts";

const sweep = { rank: 'sweep("rank", [1, 2])', epochs: "6", optimizer: "adamw({ learningRate: 0.3 })" };
const decoding = "greedy({ maxNewTokens: 8 })";
const prompts = sceneRows.map(({ q }) => `${q}\n`);

/** A member's prediction for each row in the run's evaluation. */
async function predictions({ scene }: Served, member: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(scene.path("out", "members", member, "predictions.jsonl"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
}

Deno.test("a served member generates what the run's evaluation reports, and the base its own answers", () =>
  inService({ parts: { ...sweep, decoding, heldOut: "rows" } }, async (served) => {
    for (const member of ["rank=1", "rank=2"]) {
      const written = await Promise.all(prompts.map((prompt) => served.text(prompt, { model: `out:${member}` })));
      assert.deepEqual(
        written.map((text) => text.trim()),
        (await predictions(served, member)).map((text) => text.trim()),
      );
    }
    const { data } = await served.answer("/v1/models");
    assert.deepEqual(data.map(({ id }) => id), ["base", "out:rank=1", "out:rank=2"]);
  }));

for (
  const [acts, edit] of [
    ["the prompt", ""],
    ["the prompt with LoRA", '...(() => [lora({ rank: 2, positions: "prompt" })])'],
    ["all tokens", '...(() => [lora({ blocks: "all", modules: ["q_proj", "v_proj"], rank: 2 })])'],
  ] as const
) {
  Deno.test(`requests of several edits of ${acts} get the same texts alone and with other requests`, () => {
    const parts = edit === "" ? sweep : { edit, epochs: "6", optimizer: "adamw({ learningRate: 0.3 })" };
    return inService({ parts, rows: 5 }, async (served) => {
      const { data } = await served.answer("/v1/models");
      const requests = prompts.flatMap((prompt, at) => {
        const drawn = at % 3 === 0 ? { temperature: 1, seed: at } : {};
        return data.map(({ id }) => ({ prompt, model: id, max_tokens: 3 + at, ...drawn }));
      });
      const alone: string[] = [];
      for (const { prompt, ...more } of requests) alone.push(await served.text(prompt, more));
      const together = await Promise.all(requests.map(({ prompt, ...more }) => served.text(prompt, more)));
      assert.deepEqual(together, alone);
      assert.ok(new Set(together).size > prompts.length, "the edits generate other texts than the base");
    });
  });
}

Deno.test("with keys and values in float16, texts are the same alone and together, and likelihoods nearly the same", async () => {
  const model = "out:rank=2", found: { text: string; likelihood: number }[][] = [];
  for (const keyValueType of ["float32", "float16"] as const) {
    await inService({ parts: sweep, options: { keyValueType } }, async ({ answer, text }) => {
      const alone: string[] = [];
      for (const prompt of prompts) alone.push(await text(prompt, { model, max_tokens: 8, temperature: 0 }));
      const together = prompts.map((prompt) => text(prompt, { model, max_tokens: 8, temperature: 0 }));
      assert.deepEqual(await Promise.all(together), alone);
      const answers = prompts.map((prompt) =>
        answer("/v1/completions", { model, prompt, max_tokens: 4, temperature: 0, logprobs: 1 })
      );
      found.push((await Promise.all(answers)).map(({ choices: [choice] }) => {
        return {
          text: choice!.text,
          likelihood: choice!.logprobs!.token_logprobs.reduce((sum, each) => sum! + each!)!,
        };
      }));
    });
  }
  const [wide, half] = found as [typeof found[0], typeof found[0]];
  const gaps = wide.flatMap(({ text, likelihood }, at) => {
    return text === half[at]!.text ? [Math.abs(likelihood - half[at]!.likelihood)] : [];
  });
  const most = Math.max(...gaps);
  assert.ok(gaps.length > prompts.length / 2 && most > 0 && most < 0.02, `${gaps}`);
});

Deno.test("an edit's strength goes from the base at 0 to its trained effect at 1, and edits are combined", () =>
  inService({ parts: sweep }, async ({ text }) => {
    const [prompt] = prompts, one = { model: "out:rank=1" }, two = { model: "out:rank=2" };
    const base = await text(prompt!), edited = await text(prompt!, one);
    assert.notEqual(base, edited);
    assert.equal(await text(prompt!, { ...one, edit_strength: 0 }), base);
    assert.equal(await text(prompt!, { ...one, edit_strength: 1 }), edited);
    assert.equal(await text(prompt!, { model: "base", edits: ["out:rank=1"] }), edited);
    const both = { ...one, edits: ["out:rank=2"] };
    assert.equal(await text(prompt!, { ...both, edit_strength: [1, 0] }), edited);
    assert.equal(await text(prompt!, { ...both, edit_strength: [0, 1] }), await text(prompt!, two));
    const strong = await Promise.all([3, -3, 10].map((edit_strength) => text(prompt!, { ...one, edit_strength })));
    assert.ok(new Set([base, edited, ...strong]).size > 2);
  }));

Deno.test("several answers have separate random streams, which the seed determines", () =>
  inService({}, async ({ answer }) => {
    const body = { model: "base", prompt: prompts[0], max_tokens: 6, temperature: 1.5, seed: 3, n: 3 };
    const textsOf = async (more: object) =>
      (await answer("/v1/completions", { ...body, ...more })).choices.map(({ text }) => text);
    const texts = await textsOf({});
    assert.ok(new Set(texts).size > 1);
    assert.deepEqual(await textsOf({}), texts);
    assert.deepEqual(await textsOf({ n: 2 }), texts.slice(0, 2));
    assert.notDeepEqual(await textsOf({ seed: 4 }), texts);
    const { choices } = await answer("/v1/completions", { ...body, prompt: [prompts[1], prompts[0]], n: 2 });
    assert.deepEqual(choices.map(({ index }) => index), [0, 1, 2, 3]);
  }));

Deno.test("the parts of a stream add up to the whole answer, and a stop text is never shown", () =>
  inService({}, async ({ ask, answer }) => {
    const body = { model: "base", prompt: prompts[0], max_tokens: 12, temperature: 0, logprobs: 1 };
    const { choices: [whole], usage } = await answer("/v1/completions", body);
    const stop = whole!.text.slice(4, 7);
    for (const more of [{}, { echo: true }, { stop }]) {
      const { choices: [expected] } = await answer("/v1/completions", { ...body, ...more });
      const streaming = { stream: true, stream_options: { include_usage: true } };
      const events = await eventsOf(await ask("/v1/completions", { ...body, ...more, ...streaming }));
      const parts = events.flatMap(({ choices }) => choices);
      assert.equal(parts.map(({ text }) => text).join(""), expected!.text);
      assert.deepEqual(parts.flatMap(({ logprobs }) => logprobs.tokens), expected!.logprobs.tokens);
      assert.deepEqual(parts.flatMap(({ logprobs }) => logprobs.token_logprobs), expected!.logprobs.token_logprobs);
      assert.equal(parts.at(-1)!.finish_reason, expected!.finish_reason);
      assert.equal(events.at(-1)!.usage.prompt_tokens, usage.prompt_tokens);
      if ("stop" in more) assert.equal(expected!.text, whole!.text.slice(0, whole!.text.indexOf(stop)));
    }
  }));

Deno.test("an echoed prompt has the log-probabilities that its tokens have as answers", () =>
  inService({ parts: sweep }, async ({ ask, answer }) => {
    for (const model of ["base", "out:rank=2"]) {
      const body = { model, prompt: prompts[1], max_tokens: 5, temperature: 0, logprobs: 2, echo: true };
      const { choices: [first] } = await answer("/v1/completions", body), { logprobs, text } = first!;
      assert.equal(logprobs.token_logprobs[0], null);
      assert.equal(logprobs.tokens.length, logprobs.token_logprobs.length);
      assert.ok(text.startsWith(prompts[1]!));
      const [special, ...shown] = logprobs.tokens.entries();
      assert.deepEqual(special, [0, "<|begin|>"]);
      for (const [at, token] of shown) assert.ok(text.startsWith(token, logprobs.text_offset[at]!), token);
      const streamed = await eventsOf(await ask("/v1/completions", { ...body, stream: true }));
      const parts = streamed.flatMap(({ choices }) => choices.flatMap(({ logprobs }) => logprobs.text_offset));
      assert.deepEqual(parts, logprobs.text_offset);
      const { choices: [again] } = await answer("/v1/completions", { ...body, echo: false });
      assert.deepEqual(logprobs.token_logprobs.slice(-5), again!.logprobs.token_logprobs);
      for (const [at, top] of logprobs.top_logprobs.entries()) {
        if (top === null) continue;
        assert.equal(top[logprobs.tokens[at]!], logprobs.token_logprobs[at]);
        assert.ok(Object.values(top).reduce((sum, each) => sum + Math.exp(each), 0) <= 1 + 1e-6);
      }
    }
  }));

Deno.test("a token that ends an answer has a log-probability, so that one requested token gives one entry", () =>
  inService({}, async ({ answer }) => {
    const body = { model: "base", prompt: prompts[1], max_tokens: 1, temperature: 0, logprobs: 1, echo: true };
    const { choices: [usual] } = await answer("/v1/completions", body);
    const { choices: [ended] } = await answer("/v1/completions", { ...body, logit_bias: { 1: 100 } });
    assert.deepEqual([usual!.finish_reason, ended!.finish_reason], ["length", "stop"]);
    assert.equal(ended!.text, prompts[1]);
    assert.deepEqual(ended!.logprobs.token_logprobs.slice(0, -1), usual!.logprobs.token_logprobs.slice(0, -1));
    assert.equal(ended!.logprobs.token_logprobs.length, usual!.logprobs.token_logprobs.length);
    assert.ok(ended!.logprobs.token_logprobs.at(-1)! < usual!.logprobs.token_logprobs.at(-1)!);
  }));

Deno.test("a logit bias determines the token, and penalties reduce repetition", () =>
  inService({}, async ({ answer, text }) => {
    const { choices: [first] } = await answer("/v1/completions", {
      ...{ model: "base", prompt: prompts[0], max_tokens: 4, temperature: 0, logit_bias: { 300: 100 }, logprobs: 0 },
    });
    assert.equal(new Set(first!.logprobs.tokens).size, 1);
    const repeated = await text(prompts[0]!, { max_tokens: 30 });
    assert.notEqual(await text(prompts[0]!, { max_tokens: 30, frequency_penalty: 2, presence_penalty: 2 }), repeated);
  }));

Deno.test("a repetition penalty applies to what a decoder has read, and not to its encoder's prompt", () => {
  const decoding = "greedy({ maxNewTokens: 8, repetitionPenalty: 2 })";
  const parts = { ...t5Parts({ edits: `loreft({ at, positions: "all", rank })` }), decoding, epochs: "1" };
  return inService({ parts, model: { config: tinyT5Config } }, async (served) => {
    const texts = (more: Readonly<Record<string, unknown>>) =>
      Promise.all(prompts.map(async (prompt) => (await served.text(prompt, { model: "out:main", ...more })).trim()));
    const found = await texts({ repetition_penalty: 2 });
    assert.deepEqual(found, (await predictions(served, "main")).map((text) => text.trim()));
    assert.notDeepEqual(found, await texts({}));
  });
});

Deno.test("an answer whose client disconnects is abandoned, and the others continue", () =>
  inService({}, async ({ ask, service, text }) => {
    const expected = await text(prompts[0]!, { max_tokens: 20 }), left = new AbortController();
    const body = {
      model: "base",
      prompt: prompts[1],
      max_tokens: 40,
      stream: true,
      temperature: 0,
      logit_bias: { 1: -100 },
    };
    const response = await ask("/v1/completions", body, { signal: left.signal });
    const reader = response.body!.getReader();
    await reader.read();
    const other = text(prompts[0]!, { max_tokens: 20 });
    await reader.cancel();
    assert.equal(await other, expected);
    while (service.engine.load.rows > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(service.engine.load, { waiting: 0, rows: 0 });
  }));

Deno.test("a common prefix is computed once, and again where an edit affects it", () =>
  inService({
    parts: { ...sweep, edit: '(() => loreft({ at, positions: "f1+l1", rank }))', at: "block(0).output" },
    model: { config: { max_position_embeddings: 512 } },
  }, async ({ text, service: { engine } }) => {
    const long = sceneRows.map(({ q, a }) => `${q} ${a}. `).join("").repeat(2);
    const ask = (model: string, end: string) => text(`${long}${end}\n`, { model, max_tokens: 6, edit_strength: 20 });
    const tokens = async (of: () => Promise<unknown>) => {
      const before = engine.keptTokens;
      await of();
      return engine.keptTokens - before;
    };
    const ends = ["The cat", "It is"], models = ["base", "out:rank=1", "out:rank=2"];
    const first = new Map<string, string>();
    for (const model of models) {
      assert.equal(await tokens(async () => first.set(model, await ask(model, ends[0]!))), 0, model);
    }
    for (const model of models) {
      let again = "";
      assert.ok(await tokens(async () => again = await ask(model, ends[0]!)) >= 64, model);
      assert.equal(again, first.get(model));
      assert.ok(await tokens(() => ask(model, ends[1]!)) >= 64, model);
    }
    assert.equal(new Set(first.values()).size, models.length);
  }));

Deno.test("edits that leave the prompts' common prefix unchanged share it with the base", () =>
  inService({ parts: sweep, model: { config: { max_position_embeddings: 512 } } }, async ({ text, service }) => {
    const long = sceneRows.map(({ q, a }) => `${q} ${a}. `).join("").repeat(2), { engine } = service;
    const models = ["base", "out:rank=1", "out:rank=2"];
    const kept = await Promise.all(models.map((model) => text(long, { model })));
    assert.ok(engine.keptTokens >= 2 * 64, `${engine.keptTokens} tokens were kept`);
    assert.deepEqual(await Promise.all(models.map((model) => text(long, { model }))), kept);
    const unkept = new Map<string, string>();
    for (const model of models) unkept.set(model, await text(`${prompts[0]}`, { model }));
    assert.equal(unkept.size, models.length);
  }));
