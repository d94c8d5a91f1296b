/** Rows that need no template. @module */
import assert from "node:assert/strict";
import { loadRows } from "../../../pipelines/data/rows.ts";
import { chat, csv, json, jsonl, records } from "../../../pipelines/dsl/data.ts";
import { inFolder } from "../models/support.ts";

const format = {
  templates: new Map([[
    "default",
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
  ]]),
  specialTokens: {},
};
const reading = { format, asksLast: false, ends: [] };
const bare = { ...reading, format: { ...format, templates: new Map<string, string>() } };

const instructions = [
  { instruction: "Add.", input: "1 and 2", output: "3" },
  { instruction: "Say hi.", input: "", output: "Hi" },
  { instruction: "Say ho.", output: "Ho" },
];

Deno.test("instructions and outputs have Alpaca's prompts, with an input and without", async () => {
  const rows = await loadRows(records(instructions), "/nowhere", bare);
  assert.deepEqual(rows.map(({ completion }) => completion), ["3", "Hi", "Ho"]);
  assert.equal(
    rows[0]!.prompt,
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a " +
      "response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 and 2\n\n### Response:",
  );
  for (const { prompt } of rows.slice(1)) {
    assert.match(prompt, /^Below is an instruction that describes a task\. Write a/);
  }
});

Deno.test("chat() takes instructions as turns", async () => {
  await inFolder(async (base) => {
    await Deno.writeTextFile(`${base}/alpaca.json`, JSON.stringify(instructions));
    const rows = await loadRows(chat(json("alpaca.json")), base, reading);
    assert.deepEqual(rows.map(({ prompt, completion }) => [prompt, completion]), [
      ["<user>Add.\n\n1 and 2<assistant>", "3"],
      ["<user>Say hi.<assistant>", "Hi"],
      ["<user>Say ho.<assistant>", "Ho"],
    ]);
  });
});

Deno.test("conversations in the forms of OpenAI and ShareGPT are rendered with the tokenizer's chat template", async () => {
  await inFolder(async (base) => {
    const rows = [
      { messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Ho" }] },
      { conversations: [{ from: "human", value: "Hi" }, { from: "gpt", value: "Ho" }], messages: null },
    ];
    await Deno.writeTextFile(`${base}/talks.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const read = await loadRows(jsonl("talks.jsonl"), base, reading);
    assert.deepEqual(read.map(({ prompt, completion }) => [prompt, completion]), [
      ["<user>Hi<assistant>", "Ho"],
      ["<user>Hi<assistant>", "Ho"],
    ]);
    await assert.rejects(loadRows(jsonl("talks.jsonl"), base, bare), /chat template/);
  });
});

Deno.test("rows of an unknown form are refused with their fields", async () => {
  await inFolder(async (base) => {
    await Deno.writeTextFile(`${base}/rows.csv`, "question,answer\n1,2\n");
    await assert.rejects(
      loadRows(csv("rows.csv"), base, reading),
      /rows\.csv:2: the row has the fields "question", "answer"; give a template that names them, as in/,
    );
  });
});

Deno.test("chat() refuses rows with a template or with views", () => {
  const template = { prompt: "{q}", completion: "{a}" };
  assert.throws(() => chat(jsonl("x", template)), /omit the template of its rows/);
  assert.throws(() => chat(jsonl("x").take(3)), /apply views to its result, as in chat\(…\)\.take\(100\)/);
});
