/** Training and evaluating on conversations. @module */
import assert from "node:assert/strict";
import { inProcess } from "../../../support/command.ts";
import { conversations, inChatScene, turnTemplate } from "../../../support/chat_scene.ts";
import type { Scene } from "../../../support/scene.ts";
import { assertClose, evaluationOf, predictionsOf, resultsOf, trainingOf } from "../support.ts";

const trained = `(() => fullFinetuning())`;

Deno.test("the loss of all turns together is that of each turn after its preceding messages", () => {
  // A conversation cut after each answer.
  const cut =
    `talks.flatMap((talk) => talk.flatMap(({ role }, at) => role === "assistant" ? [talk.slice(0, at + 1)] : []))`;
  const parts = {
    edit: `...(() => [lora({ blocks: "all", modules: ["q_proj", "v_proj"], rank: 2 })])`,
    data: `chat(talks, { loss: "all-turns" })`,
    epochs: "1",
    metrics: "[loss()]",
    decoding: "undefined",
    heldOut: "undefined",
    stages: "{ base: evaluate(base, { data: chat(cut), metrics }), tuned }",
    preamble: `const cut = ${cut};`,
  };
  return inChatScene(parts, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    // A fresh LoRA changes nothing yet.
    assertClose(trainingOf(member!).losses, [evaluationOf(member!).metrics["loss"]!], 1e-5);
  });
});

Deno.test("a row's completion can be learned, and an answer ends with the template's end of a turn", () => {
  const parts = {
    edit: trained,
    epochs: "60",
    optimizer: "adamw({ learningRate: 1e-2 })",
    decoding: "greedy({ maxNewTokens: 12 })",
    metrics: "[exactMatch(), loss()]",
  };
  return inChatScene({ ...parts, data: 'chat("./talks.jsonl", { loss: "all-turns" })' }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const { metrics, predictions } = evaluationOf(member!);
    assert.equal(metrics["exactMatch"], 1);
    const said = predictionsOf(await Deno.readTextFile(scene.path("out", predictions)));
    assert.deepEqual(said, conversations.map((talk) => talk.at(-1)!.content.trim()));
  });
});

Deno.test("a tool call is compared as the template writes it, without the token that ends the turn", () => {
  const called = (when: unknown) => [
    { role: "user", content: "Two" },
    { role: "assistant", content: null, tool_calls: [{ function: { name: "look", arguments: { when } } }] },
  ];
  const template = "{% for m in messages %}{{ m.role[0] ~ '\\n' }}{% if m.tool_calls %}" +
    "{{ m.tool_calls[0].function | tojson }}{% else %}{{ m.content }}{% endif %}<|pad|>\n{% endfor %}" +
    "{% if add_generation_prompt %}{{ 'a\\n' }}{% endif %}";
  const parts = {
    preamble: `const calls = chat(${JSON.stringify([called(1), called(2.5)])}, { template: ${
      JSON.stringify(template)
    } });`,
    data: "calls",
    heldOut: "calls",
    epochs: "1",
    decoding: "greedy({ maxNewTokens: 1 })",
    metrics: "[exactMatch()]",
  };
  return inChatScene(parts, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const rows = await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions));
    assert.deepEqual(rows.trim().split("\n").map((row) => JSON.parse(row).completion), [
      '{"name": "look", "arguments": {"when": 1}}',
      '{"name": "look", "arguments": {"when": 2.5}}',
    ]);
  });
});

Deno.test("a recipe replaces a file of conversations, and the manifest has the new one", () =>
  inChatScene({ data: 'chat("./talks.jsonl").take(1)' }, async (scene) => {
    await scene.write("others.jsonl", `${JSON.stringify({ messages: conversations[1] })}\n`);
    await scene.write("recipe.yaml", "pipeline: ./pipeline.ts\ndata:\n  ./talks.jsonl: ./others.jsonl\n");
    const { code, stderr } = await inProcess("run", scene.path("recipe.yaml"), ...scene.places);
    assert.equal(code, 0, stderr);
    assert.match(await Deno.readTextFile(scene.path("out", "manifest.yaml")), /others\.jsonl/);
  }));

Deno.test("a manifest notices that a chat template has changed, the pipeline's own or the model's", () =>
  inChatScene({
    data: 'chat("./talks.jsonl", { template: "./own.jinja" })',
    stages: "{ base: evaluate(base, { data: chat(talks), metrics: [loss()] }), tuned }",
    epochs: "1",
  }, async (scene) => {
    await scene.write("own.jinja", turnTemplate);
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const again = () => scene.repeat();
    const changes: readonly (readonly [file: string, text: string, says: RegExp])[] = [
      ["own.jinja", `${turnTemplate} `, /the file \.\/own\.jinja is \w+…, but \w+… was recorded/],
      ["model/chat_template.jinja", `${turnTemplate} `, /the tokenizer of \.\/model is \w+…, but \w+… was recorded/],
    ];
    for (const [file, text, says] of changes) {
      await scene.write(file, text);
      const { code, stderr } = await again();
      assert.notEqual(code, 0);
      assert.match(stderr, says);
      await scene.write(file, turnTemplate);
    }
    const { code: unchanged, stderr: said } = await again();
    assert.equal(unchanged, 0, said);
  }));

/** The one-line error of a run of a scene. */
async function refusal(scene: Scene): Promise<string> {
  const { code, stderr } = await scene.run();
  assert.equal(code, 2, stderr);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  return stderr.trimEnd();
}

const bad: Readonly<Record<string, readonly [data: string, expected: RegExp]>> = {
  "no answer": ['chat([[{ role: "user", content: "a" }]])', /chat:1: the row has no turn of the assistant, .*; add a /],
  "an answer to nothing": [
    'chat([talks[0], [{ role: "assistant", content: "a" }]])',
    /chat:2: the row begins with a turn of the assistant; add /,
  ],
  "an unknown role": [
    'chat([[{ role: "usr", content: "a" }, ...talks[0]]])',
    /chat:1: the row's message 1 has the unknown role "usr"; did you mean "user"/,
  ],
  "an empty message": [
    'chat([[{ role: "user", content: "" }, ...talks[0]]])',
    /chat:1: the row's message 1 is empty; write its content or remove it \(declared at [^)]*pipeline\.ts:12:16\)$/,
  ],
  "no messages": ["chat([{ message: [] }])", /chat:1: the row has no field "messages"; did you mean "message"/],
  "a message that is not an object": [
    'chat([["a"]])',
    /chat:1: the row's message 1 is not an object; write \{ role, content \} \(declared at [^)]*pipeline\.ts:12:16\)$/,
  ],
  "an unknown speaker": [
    'chat([{ conversations: [{ from: "humn", value: "a" }] }])',
    /chat:1: the row's message 1 is from "humn", which is not a known role; did you mean "human"/,
  ],
  "no rows": ["chat([])", /chat\(\[\]\) has no rows; give it at least one$/],
  "a template that refuses": [
    `chat(talks, { template: "{{ raise_exception('Only one\\nsystem.') }}" })`,
    /chat:1: the chat template cannot render the row \(Only one system\); change the row, or give/,
  ],
  "an invalid template": [
    'chat(talks, { template: "{% for %}" })',
    /the chat template is not valid Jinja/,
  ],
  "an unknown template": [
    'chat(talks, { template: "rag" })',
    /the tokenizer has no chat template "rag"; use one of .*"default"/,
  ],
  "a template file that is missing": [
    'chat(talks, { template: "./t.jinja" })',
    /"\.\/t\.jinja" is not a file in /,
  ],
  "a template without the answers": [
    'chat(talks, { template: "{{ messages[0].content }}" })',
    /chat:1: the chat template omits the row's message 2, or changes it/,
  ],
  "an unknown setting": ['chat(talks, { sytem: "a" })', /chat has no setting "sytem"; did you mean "system"/],
  "an unknown loss": ['chat(talks, { loss: "all" })', /loss is "all"; give "completion" or "all-turns"/],
  "a broken line": [
    'chat("./broken.jsonl")',
    /broken\.jsonl:2:\d+: the line is not JSON \(.*\); correct or remove it$/,
  ],
  "a row of a file": [
    'chat("./empty.jsonl")',
    /empty\.jsonl:1: the row's messages are not a list of turns; write a list of/,
  ],
};

for (const [name, [data, expected]] of Object.entries(bad)) {
  Deno.test(`a conversation is refused in one line: ${name}`, () =>
    inChatScene({ data }, async (scene) => {
      await scene.write("broken.jsonl", `${JSON.stringify({ messages: conversations[0] })}\n{ "messages": [}\n`);
      await scene.write("empty.jsonl", `{ "messages": [] }\n`);
      assert.match(await refusal(scene), expected);
    }));
}

Deno.test("a model without a chat template asks for one", () =>
  inChatScene({}, async (scene) => {
    const line = await refusal(scene);
    assert.match(
      line,
      /the tokenizer has no chat template; give chat\(…\) one, as in template: ".\/chat.jinja", or use/,
    );
    assert.ok(line.includes(`pipeline.ts:`), line);
  }, ""));

Deno.test("a conversation between human and gpt is read, with a system message and a file's template", () => {
  const template = "{{ messages | length }}{% for m in messages %}|{{ m.role }}={{ m.content }}{% endfor %}" +
    "{% if add_generation_prompt %}|assistant={% endif %}";
  const rows = '[{ conversations: [{ from: "human", value: "Hi" }, { from: "gpt", value: "Ho" }] }]';
  const data = `chat(${rows}, { system: "Be", template: "./own.jinja" })`;
  return inChatScene({ data, heldOut: data }, async (scene) => {
    await scene.write("own.jinja", template.replace("{{ messages | length }}", ""));
    const { members: [member] } = await resultsOf(scene);
    const [line] = (await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions))).split("\n");
    const { prompt, completion } = JSON.parse(line!);
    assert.deepEqual([prompt, completion], ["|system=Be|user=Hi|assistant=", "Ho"]);
  });
});
