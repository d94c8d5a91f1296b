/** Calls to a stub endpoint that fails, stalls or returns invalid responses. @module */
import assert from "node:assert/strict";
import { RequestError, RunError } from "../../../pipelines/common/errors.ts";
import { ask, type Patience } from "../../../pipelines/tasks/alpaca_eval/endpoint.ts";
import { judgementOf } from "../../../pipelines/tasks/alpaca_eval/question.ts";
import { type Behaviour, completion, withEndpoint } from "../../support/judge_server.ts";

const patience: Patience = { answer: 300, firstWait: 1, longestWait: 1500, tries: 3 };
const key = "sk-secret";

const askWith = (behave: Behaviour) =>
  withEndpoint(behave, async (address, requests) => {
    const asked = await ask(
      { address, model: "judge", key, variable: "JUDGE_KEY" },
      { messages: [] },
      judgementOf,
      patience,
    ).catch((fault) => fault);
    return { asked, requests };
  });

const right = () => completion("m", [["m", -0.1], ["M", -2]]);
const judgement = { text: "m", listed: [{ token: "m", logprob: -0.1 }, { token: "M", logprob: -2 }] };

const passing: Readonly<Record<string, () => Response | Promise<Response>>> = {
  "answers 500": () => new Response("no", { status: 500 }),
  "answers 429": () => new Response("slow down", { status: 429 }),
  "answers with invalid JSON": () => new Response("<html>"),
  "answers with JSON that is not a completion": () => Response.json({ choices: [] }),
  "returns invalid log-probabilities": () => completion("m", [["m", 3]]),
  "never answers": () => new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 600)),
  "never ends its answer": () =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16).fill(32)) }),
    ),
};

for (const [name, response] of Object.entries(passing)) {
  Deno.test(`an endpoint that ${name} is asked again`, async () => {
    const { asked, requests } = await askWith((_, tries) => tries < 2 ? response() : right());
    assert.deepEqual([asked, requests.length], [judgement, 3]);
  });

  Deno.test(`an endpoint that always ${name} fails in one line`, async () => {
    const { asked, requests } = await askWith(response);
    assert.ok(asked instanceof RunError, String(asked));
    assert.match(
      asked.message,
      /^127\.0\.0\.1:\d+ failed 3 times, most recently because it[^\n]*; its answers are kept/,
    );
    assert.equal(requests.length, 3);
  });
}

Deno.test("an endpoint is asked again when its response allows it, and not before", async () => {
  const begun = performance.now();
  const { asked } = await askWith((_, tries) =>
    tries === 0 ? new Response("", { status: 429, headers: { "retry-after": "1" } }) : right()
  );
  assert.deepEqual(asked, judgement);
  assert.ok(performance.now() - begun >= 990);
});

Deno.test("an endpoint that refuses the key or the request is not asked again, and no error shows the key", async () => {
  for (
    const [status, message] of [[401, "rejects the key \\(401\\); set JUDGE_KEY to another"], [
      404,
      "correct the endpoint",
    ], [
      400,
      "rejects the request",
    ]] as const
  ) {
    const { asked, requests } = await askWith(() =>
      Response.json({ error: { message: `bad key ${key}\nand more` } }, { status })
    );
    assert.ok(asked instanceof RequestError);
    assert.match(asked.message, new RegExp(message));
    assert.ok(!asked.message.includes(key) && !asked.message.includes("\n"));
    assert.equal(requests.length, 1);
    assert.equal(requests[0]!.headers.get("authorization"), `Bearer ${key}`);
  }
});

Deno.test("an endpoint's redirects are not followed", async () => {
  const { asked, requests } = await askWith(() => Response.redirect("http://127.0.0.1:9/v1"));
  assert.ok(asked instanceof RequestError);
  assert.equal(requests.length, 1);
});
