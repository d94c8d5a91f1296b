import assert from "node:assert/strict";
import { chatTemplates } from "../../../../pipelines/data/chat/template.ts";
import { findTurns } from "../../../../pipelines/data/chat/turns.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const messages = [{ role: "user", content: "\n  a b  \n" }, { role: "assistant", content: "c" }];

async function render(template: string, given: { readonly tools?: readonly object[] } = {}) {
  const format = { templates: new Map<string, string>(), specialTokens: { bos_token: "<s>" } };
  return (await chatTemplates({ template, ...given }, format, "/"))().render(messages, undefined);
}

// As in Python's str and transformers' Jinja.
for (
  const [template, expected] of [
    ["{{ messages[0].content.strip('\\n') }}|", "  a b  |"],
    ["{{ messages[0].content.lstrip('\\n ') }}|", "a b  \n|"],
    ["{{ ('x' ~ messages[0].content).rstrip('\\n').split('x')[-1] }}|", "\n  a b  |"],
    ["{{ messages[0].content.strip() }}|", "a b|"],
    ["{{ messages[0].content | trim }}|", "a b|"],
    ["{{ bos_token }}{{ eos_token }}{{ 'a' if tools is none and not add_generation_prompt }}", "<s>a"],
    ["{% if true %}\na\n    {% endif %}\nb", "a\nb"],
    ["{{ {'a': [1, 2.5, none, 'é\"']} | tojson }}", '{"a": [1, 2.5, null, "é\\""]}'],
  ] as const
) {
  Deno.test(`a chat template renders as in Python: ${template.replaceAll("\n", "\\n")}`, async () => {
    assert.equal((await render(template)).text, expected);
  });
}

Deno.test("a chat template's generation marks are removed and listed", async () => {
  const template = "a {% generation %}\nb{% endgeneration %}\nc{%- generation -%} d {%- endgeneration -%} e";
  assert.deepEqual(await render(template), { text: "a bcde", marked: [[2, 3], [4, 5]] });
});

Deno.test("chatTemplates() takes a template by name, by its file, or the one for tools", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/own.jinja`, "file");
    const templates = new Map([["default", "usual"], ["tool_use", "tools"], ["rag", "rag"]]);
    const text = async (source: { readonly template?: string; readonly tools?: readonly object[] }) => {
      return (await chatTemplates(source, { templates, specialTokens: {} }, folder))().render(messages, undefined).text;
    };
    assert.equal(await text({}), "usual");
    assert.equal(await text({ tools: [{}] }), "tools");
    assert.equal(await text({ template: "rag" }), "rag");
    assert.equal(await text({ template: "own.jinja" }), "file");
    assert.equal(await text({ template: "{{ 1 }}" }), "1");
    templates.delete("default");
    await assert.rejects(
      text({}),
      (error) => assertOneLine(error, /several chat templates and no default; give template: /),
    );
  });
});

Deno.test("findTurns() takes a marked turn that the prompt already begins, and returns where its remaining text starts", async () => {
  const template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content.strip() }}?{% else %}" +
    "{% generation %}<think></think>{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}" +
    "{% if add_generation_prompt %}<think>{% endif %}";
  const format = { templates: new Map<string, string>(), specialTokens: {} };
  const { render } = (await chatTemplates({ template }, format, "/"))();
  const turns = findTurns(messages, "completion", render, undefined);
  const { text, spans, answersFrom, asked } = turns;
  assert.equal(text, "a b?<think></think>c");
  assert.deepEqual(spans.map((span) => text.slice(...span)), ["<think></think>c"]);
  assert.deepEqual([asked, text.slice(answersFrom)], ["a b?<think>", "</think>c"]);
});

Deno.test("a template's generation marks are found in a text that contains noncharacters", async () => {
  const talk = [{ role: "user", content: "a\ufdd0\ufdd1b" }, { role: "assistant", content: "\ufdd1\ufdd0\ufdd2" }];
  const template = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %},{% endfor %}";
  const format = { templates: new Map<string, string>(), specialTokens: {} };
  const { render } = (await chatTemplates({ template }, format, "/"))();
  assert.deepEqual(render(talk, undefined), {
    text: "a\ufdd0\ufdd1b,\ufdd1\ufdd0\ufdd2,",
    marked: [[0, 4], [5, 8]],
  });
});

Deno.test("a template prints booleans as Python does, and loops over a text's characters", async () => {
  assert.equal((await render("{{ tools is none }}")).text, "True");
  assert.equal((await render("{% for part in messages[1].content %}<{{ part }}>{% endfor %}")).text, "<c>");
});

Deno.test("an unknown filter, test or function in a template is refused by name", async () => {
  for (
    const [template, says] of [
      ["{{ 'a' | center(3) }}", /there is no filter "center" here/],
      ["{{ 'a' is palindrome }}", /there is no test "palindrome" here/],
      ["{{ 'a'.encode() }}", /a value\.encode is not defined, or not supported here/],
      ["{{ strftime_now('%Q') }}", /strftime_now has no %Q here/],
      ["{{ lipsum() }}", /lipsum is not defined, or not supported here/],
      ["{{ documents.first.text }}", /documents\.first is undefined/],
    ] as const
  ) {
    await assert.rejects(render(template), (error) => assertOneLine(error, says));
  }
  await assert.rejects(render("{% include 'a' %}"), (error) => assertOneLine(error, /Unknown statement type: include/));
});
