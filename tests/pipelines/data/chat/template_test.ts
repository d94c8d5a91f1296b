import assert from "node:assert/strict";
import { chatRenderer } from "../../../../pipelines/data/chat/template.ts";
import { findTurns } from "../../../../pipelines/data/chat/turns.ts";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const messages = [{ role: "user", content: "\n  a b  \n" }, { role: "assistant", content: "c" }];

async function render(template: string, given: { readonly tools?: readonly object[] } = {}) {
  const format = { templates: new Map<string, string>(), specialTokens: { bos_token: "<s>" } };
  return (await chatRenderer({ template, ...given }, format, "/"))(messages, undefined);
}

// As Python's str and transformers' Jinja have them.
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
  Deno.test(`a chat template says as in Python: ${template.replaceAll("\n", "\\n")}`, async () => {
    assert.equal((await render(template)).text, expected);
  });
}

Deno.test("a chat template's marks are taken out and told", async () => {
  const template = "a {% generation %}\nb{% endgeneration %}\nc{%- generation -%} d {%- endgeneration -%} e";
  assert.deepEqual(await render(template), { text: "a bcde", marked: [[2, 3], [4, 5]] });
});

Deno.test("chatRenderer() takes a template by name, by its file, or the one for tools", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/own.jinja`, "file");
    const templates = new Map([["default", "usual"], ["tool_use", "tools"], ["rag", "rag"]]);
    const text = async (source: { readonly template?: string; readonly tools?: readonly object[] }) => {
      return (await chatRenderer(source, { templates, specialTokens: {} }, folder))(messages, undefined).text;
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

Deno.test("findTurns() takes a marked turn that what is asked begins already, and tells what is left to say", async () => {
  const template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content.strip() }}?{% else %}" +
    "{% generation %}<think></think>{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}" +
    "{% if add_generation_prompt %}<think>{% endif %}";
  const format = { templates: new Map<string, string>(), specialTokens: {} };
  const turns = findTurns(messages, "completion", await chatRenderer({ template }, format, "/"), undefined);
  const { text, spans, answersFrom, asked } = turns;
  assert.equal(text, "a b?<think></think>c");
  assert.deepEqual(spans.map((span) => text.slice(...span)), ["<think></think>c"]);
  assert.deepEqual([asked, text.slice(answersFrom)], ["a b?<think>", "</think>c"]);
});

Deno.test("known gap: a truth that a template writes out is true and not True", async () => {
  assert.equal((await render("{{ tools is none }}")).text, "true");
});

Deno.test("known gap: a template that loops over a text's characters is refused, as some for images do", async () => {
  await assert.rejects(render("{% for part in messages[0].content %}{{ part }}{% endfor %}"), RequestError);
});
