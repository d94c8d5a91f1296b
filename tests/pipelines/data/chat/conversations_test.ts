/** The fields of conversation rows besides messages, and their forms. @module */
import assert from "node:assert/strict";
import type { ChatSource } from "../../../../pipelines/data/chat/source.ts";
import { loadRows } from "../../../../pipelines/data/rows.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const turn = (role: string, content: string | null, more: object = {}) => ({ role, content, ...more });
const calls = [{ type: "function", function: { name: "look", arguments: { when: "now" } } }];

/** Writes the number of tools, then each turn, with tool calls as JSON. */
const plain = "{% if tools %}{{ tools | length }} tools\n{% endif %}{% for m in messages %}<{{ m.role }}>" +
  "{% if m.tool_calls %}{{ m.tool_calls[0].function | tojson }}{% else %}{{ m.content }}{% endif %}</s>\n{% endfor %}" +
  "{% if add_generation_prompt %}<assistant>{% endif %}";

/** A template with generation marks, without tools. */
const marked = "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}" +
  "{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

/** A file's rows, their texts and trained spans, and the warnings. */
async function load(rows: readonly (object | string)[], options: Partial<ChatSource> = {}) {
  const said: string[] = [];
  const found = await inFolder(async (folder) => {
    const lines = rows.map((row) => typeof row === "string" ? row : JSON.stringify(row));
    await Deno.writeTextFile(`${folder}/talks.jsonl`, `${lines.join("\n")}\n`);
    const source: ChatSource = {
      kind: "chat",
      conversations: { kind: "jsonl", path: "talks.jsonl" },
      loss: "completion",
      template: plain,
      ...options,
    };
    const format = { templates: new Map<string, string>(), specialTokens: {} };
    return await loadRows(source, folder, { format, asksLast: false, ends: [], warn: (message) => said.push(message) });
  });
  const taught = found.map(({ turns }) => turns!.spans.map((span) => turns!.text.slice(...span)));
  return { found, taught, texts: found.map(({ turns }) => turns!.text), said };
}

const talk = [turn("user", "a"), turn("assistant", "b")];

Deno.test("a row's tools replace chat()'s in the template, given as a list or as JSON text", async () => {
  const { texts } = await load([
    { messages: talk },
    { messages: talk, tools: null },
    { messages: talk, tools: [{}, {}] },
    { messages: talk, tools: '[{ "a": 1 }, {}, {}]' },
    { messages: talk, tools: [] },
  ], { tools: [{}] });
  assert.deepEqual(texts.map((text) => text.split("<user>")[0]), [
    "1 tools\n",
    "1 tools\n",
    "2 tools\n",
    "3 tools\n",
    "",
  ]);
  for (const tools of ["[", '"a"', 5, [1], {}]) {
    await assert.rejects(
      load([{ messages: talk, tools }]),
      (error) => assertOneLine(error, /:1: the row's tools are no/),
    );
  }
});

Deno.test("a conversation without a system message starts with the row's, or else with chat()'s", async () => {
  const said = [{ from: "human", value: "a" }, { from: "gpt", value: "b" }];
  const { texts } = await load([
    { system: "own", conversations: said },
    { system: "", conversations: said },
    { system: null, messages: talk },
    { system: "own", messages: [turn("system", "first"), ...talk] },
  ], { system: "usual" });
  assert.deepEqual(texts.map((text) => text.split("</s>")[0]), [
    "<system>own",
    "<system>usual",
    "<system>usual",
    "<system>first",
  ]);
  await assert.rejects(
    load([{ system: 5, messages: talk }]),
    (error) => assertOneLine(error, /:1: the row's "system" is no/),
  );
});

for (const [kind, template, end] of [["unmarked", plain, "</s>\n"], ["marked", marked, ""]] as const) {
  Deno.test(`a turn of weight 0 is not trained on: ${kind}`, async () => {
    const weighed = [1, 0, 1.0, null, 0].flatMap((weight, at) => [
      turn("user", `q${at}`),
      turn("assistant", `a${at}`, { weight }),
    ]);
    const { taught: all } = await load([{ messages: weighed }], { template, loss: "all-turns" });
    assert.deepEqual(all, [["a0", "a2", "a3"].map((text) => `${text}${end}`)]);
    const { taught: last } = await load([{ messages: weighed }], { template });
    assert.deepEqual(last, [[`a3${end}`]]);
  });
}

Deno.test("weights that leave nothing to train, or are not 0 or 1, are refused", async () => {
  const weighed = (weight: unknown) => [{ messages: [turn("user", "a"), turn("assistant", "b", { weight })] }];
  await assert.rejects(
    load(weighed(0)),
    (error) => assertOneLine(error, /:1: .* all have the weight 0, so there is nothing/),
  );
  await assert.rejects(
    load(weighed(0.5)),
    (error) => assertOneLine(error, /message 2 has the weight 0\.5; write 0 for/),
  );
});

Deno.test("a turn with tool calls is trained on as the template renders it", async () => {
  const { found, taught } = await load([{ messages: [talk[0], turn("assistant", null, { tool_calls: calls })] }]);
  const written = '{"name": "look", "arguments": {"when": "now"}}</s>\n';
  assert.deepEqual(taught, [[written]]);
  assert.deepEqual(found.map(({ completion, isTemplated }) => [completion, isTemplated]), [[written, true]]);
  await assert.rejects(
    load([{ messages: [talk[0], turn("assistant", null, { tool_calls: calls })] }], { template: marked }),
    (error) =>
      assertOneLine(error, /:1: the row's answer has tool_calls, which the chat template does not render; give/),
  );
});

Deno.test("message fields that the template does not read are reported, except those that are null", async () => {
  const messages = [
    turn("user", "a", { name: "Ann", mood: "good" }),
    turn("assistant", null, { tool_calls: calls }),
    turn("tool", "1", { tool_call_id: "1", tool_calls: null }),
    turn("assistant", "b", { weight: 1, refusal: null }),
  ];
  const { said } = await load([{ messages }, { messages }], { template: marked });
  assert.deepEqual([...new Set(said.map((message) => message.replace(/\S*talks/, "talks")))], [
    'messages of talks.jsonl have the field "mood", which the chat template does not read',
    'messages of talks.jsonl have the field "tool_calls", which the chat template does not read',
  ]);
});

Deno.test("messages in files of mixed forms may have null for the fields of other forms", async () => {
  const { texts } = await load([{
    messages: null,
    conversations: [{ from: "human", value: "a", role: null }, {
      from: "chatgpt",
      value: "b",
      role: null,
      content: null,
    }],
  }]);
  assert.deepEqual(texts, ["<user>a</s>\n<assistant>b</s>\n"]);
});

Deno.test("half of a surrogate pair is refused if it would become text", async () => {
  const row = String.raw`{"messages": [{"role": "user", "content": "a\ud83d"}, {"role": "assistant", "content": "b"}]}`;
  await assert.rejects(
    load([row]),
    (error) => assertOneLine(error, /:1: the row's text has \\ud83d, half of a surrogate/),
  );
  const escaped = "{% for m in messages %}{{ m.role }}{{ m.content | tojson(ensure_ascii=true) }}{% endfor %}";
  const { texts } = await load([row], { template: escaped });
  assert.deepEqual(texts, [String.raw`user"a\ud83d"assistant"b"`]);
});
