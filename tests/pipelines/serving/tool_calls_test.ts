/** Calls of tools: in a prompt's messages, and in answers. @module */
import assert from "node:assert/strict";
import { divideAnswer, textBeforeCalls } from "../../../pipelines/serving/tool_calls.ts";
import { type AnswerBody, eventsOf, inService } from "./support.ts";

const weather = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';

Deno.test("divideAnswer() separates calls from the text around them", () => {
  const found = divideAnswer(`I will look.\n${weather}\n${weather.replace("Oslo", "Rome")}`);
  assert.equal(found.content, "I will look.");
  assert.deepEqual(found.calls.map((call) => call.function), [
    { name: "weather", arguments: '{"city":"Oslo"}' },
    { name: "weather", arguments: '{"city":"Rome"}' },
  ]);
  assert.equal(new Set(found.calls.map(({ id }) => id)).size, 2);
});

Deno.test("divideAnswer() accepts a last call that is not closed, and leaves anything else as text", () => {
  assert.equal(divideAnswer(weather.replace("\n</tool_call>", "")).calls.length, 1);
  for (
    const text of [
      "no call",
      '<tool_call>{"name": "weather", "argu',
      "<tool_call>weather()</tool_call>",
      '<tool_call>{"arguments": {}}</tool_call>',
      `<tool_call>{"name": "f"} ${weather}`,
    ]
  ) {
    assert.deepEqual(divideAnswer(text), { content: text, calls: [] });
  }
});

Deno.test("textBeforeCalls() holds back what may become a call", () => {
  assert.equal(textBeforeCalls("I will look"), 11);
  assert.equal(textBeforeCalls("a < b"), 5);
  assert.equal(textBeforeCalls("I will look.\n<tool"), 12);
  assert.equal(textBeforeCalls(`I will look.\n${weather} and`), 12);
});

const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const messages = [{ role: "user", content: "the weather" }];
const turns =
  "{% for m in messages %}{{ m.role }}: {{ m.content }}{% if m.tool_calls %}{{ m.tool_calls[0].function.arguments.city }}{% endif %}\n{% endfor %}";
const withTools = `${turns}{% if tools %}{{ tools | tojson }} <tool_call>{% endif %}`;

Deno.test("an answer that calls a tool has the call in OpenAI's format, whole and as a stream", () => {
  const call = '<tool_call>{"name": "weather"}</tool_call>',
    rows = [{ q: "the weather <tool_call>", a: call }];
  const chatTemplate =
    '<|begin|>{% for m in messages %}{{ m.content }}{% endfor %} <tool_call>{% if tools %}{% endif %}{{ "\\n" }}';
  const parts = {
    source: '"builtin:tiny"',
    preamble: 'const modules = ["q", "k", "v", "o", "gate", "up", "down"].map((name) => `${name}_proj`);',
    edit: '...(() => [lora({ blocks: "all", modules, rank: 8 })])',
    data: `records(${JSON.stringify(rows)}, template)`,
    epochs: "150",
    batchSize: "1",
    optimizer: "adamw({ learningRate: 8e-3, schedule: linearSchedule() })",
    stages: "{ tuned }",
  };
  return inService({ parts, options: { source: "builtin:tiny", chatTemplate } }, async ({ ask, answer }) => {
    const body = { model: "out:main", messages, tools, temperature: 0, max_completion_tokens: 60 };
    const { choices: [whole] } = await answer("/v1/chat/completions", body), said = whole!.message;
    assert.equal(said.content, null);
    assert.deepEqual(said.tool_calls?.map((each) => each.function), [
      { name: "weather", arguments: "{}" },
    ]);
    assert.equal(whole!.finish_reason, "tool_calls");
    const events = await eventsOf(await ask("/v1/chat/completions", { ...body, stream: true }));
    const deltas = events.flatMap(({ choices }) => choices).map(({ delta }) => delta);
    assert.equal(deltas.map(({ content = "" }) => content).join(""), "");
    assert.deepEqual(
      deltas.flatMap(({ tool_calls = [] }) => tool_calls).map(({ index, function: called }) => [index, called]),
      [[0, { name: "weather", arguments: "{}" }]],
    );
    assert.equal(events.at(-1)!.choices[0]!.finish_reason, "tool_calls");
    // Without tools the same text is an answer.
    const { choices: [plain] } = await answer("/v1/chat/completions", { ...body, tool_choice: "none" });
    assert.equal(plain!.message.content, call);
    assert.equal(plain!.finish_reason, "stop");
  });
});

/** The number of tokens in a conversation's prompt. */
const lengthOf = ({ usage }: AnswerBody) => usage.prompt_tokens;

Deno.test("tools and calls are given to a template that reads them, and otherwise refused", async () => {
  const body = { model: "base", messages, max_tokens: 1 };
  const called = [
    ...messages,
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "weather", arguments: '{"city": "Oslo"}' } }],
    },
    { role: "tool", tool_call_id: "1", content: "wet" },
  ];
  const path = "/v1/chat/completions";
  await inService({ options: { chatTemplate: withTools } }, async ({ answer, refused }) => {
    const plain = lengthOf(await answer(path, body));
    assert.ok(lengthOf(await answer(path, { ...body, tools: [{ type: "function", function: {} }] })) > plain);
    assert.equal(lengthOf(await answer(path, { ...body, tools, tool_choice: "none" })), plain);
    assert.ok(lengthOf(await answer(path, { ...body, messages: called })) > plain);
    const broken = JSON.parse(JSON.stringify(called).replace('{\\"city\\": \\"Oslo\\"}', "Oslo"));
    const [, { message, param }] = await refused(path, { ...body, messages: broken });
    assert.equal(param, "messages[1]");
    assert.match(message, /message 2: the arguments "Oslo" are not JSON/);
  });
  const chatTemplate = "{% for m in messages %}{{ m.role + m.content }}\n{% endfor %}";
  await inService({ options: { chatTemplate } }, async ({ refused }) => {
    const [status, { message, param }] = await refused(path, { ...body, tools });
    assert.deepEqual([status, param], [400, "tools"]);
    assert.match(message, /chat template does not read tools; omit them, or serve the model with a --chat-template/);
    assert.match((await refused(path, { ...body, messages: called }))[1].message, /message 2: .* not read tool_calls/);
    const [, raised] = await refused(path, { ...body, messages: [{ role: "user", content: "\ud800" }] });
    assert.deepEqual([raised.param, raised.message.includes("the conversation's text")], ["messages", true]);
  });
});

Deno.test("a developer's message is the system's for a template that knows no developer, and unknown roles are refused", async () => {
  const body = { model: "base", max_tokens: 1 }, path = "/v1/chat/completions";
  const opened = (role: string) => ({ ...body, messages: [{ role, content: "Be kind." }, ...messages] });
  const named =
    "{% for m in messages %}{% if m.role == 'system' %}The system says: {% endif %}{{ m.content }}\n{% endfor %}";
  await inService({ options: { chatTemplate: named } }, async ({ answer, refused }) => {
    const system = lengthOf(await answer(path, opened("system")));
    assert.equal(lengthOf(await answer(path, opened("developer"))), system);
    assert.ok(lengthOf(await answer(path, opened("user"))) < system);
    assert.match(
      (await refused(path, opened("robot")))[1].message,
      /message 1: there is no role "robot"; give system, user, assistant, tool or developer/,
    );
  });
  const own = named.replaceAll("system", "developer");
  await inService({ options: { chatTemplate: own } }, async ({ answer }) => {
    assert.ok(lengthOf(await answer(path, opened("developer"))) > lengthOf(await answer(path, opened("system"))));
  });
});
