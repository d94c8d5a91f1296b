/** The turns of long conversations, found without rendering the conversation for each of them. @module */
import assert from "node:assert/strict";
import type { Message } from "../../../../../pipelines/data/chat/conversation.ts";
import { chatTemplates, type Render } from "../../../../../pipelines/data/chat/template.ts";
import { encodeTurns } from "../../../../../pipelines/data/chat/tokens.ts";
import { findTurns } from "../../../../../pipelines/data/chat/turns.ts";
import { tokenEnds } from "../../../../../pipelines/models/tokenization/token_ends.ts";
import { loadTokenizer } from "../../../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../../../../pipelines/models/support.ts";
import {
  type Golden,
  goldenNames,
  goldenStrings,
  readGolden,
  writeGolden,
} from "../../../../pipelines/models/tokenization/support_tokenizers.ts";

const file = new URL("../../../../goldens/chat.json", import.meta.url);
const cases: readonly { readonly name: string; readonly template: string }[] = JSON.parse(
  await Deno.readTextFile(file),
);

const own = {
  "one turn's end differs before a tool": "{% for m in messages %}{% if m.role == 'user' %}[{{ m.content }}]" +
    "{% elif m.role == 'tool' %}({{ m.content }}) {% else %}{% if messages[loop.index0 - 1].role == 'user' %} {% endif %}" +
    "{{ m.content }}</s>{% endif %}{% endfor %}",
  "the last turn has a thought":
    "{% for m in messages %}<{{ m.role }}>\n{% if loop.last and m.role == 'assistant' %}<think>\n\n</think>\n{% endif %}" +
    "{{ m.content.split('</think>')[-1].strip() }}<end>\n{% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}",
  "every third turn has a mark": "{% for m in messages %}{% if m.role == 'user' %}\n{{ m.content }}\n{% else %}" +
    "{% if loop.index % 3 == 0 %}*{% endif %}{{ m.content }};{% endif %}{% endfor %}",
  "a word more is refused": "{% for m in messages %}{% if m.role == 'user' %}\n{{ m.content }}\n{% else %}" +
    "{% if m.content | length < 2 %}{{ raise_exception('short') }}{% endif %}{{ m.content }};{% endif %}{% endfor %}",
};
const templates = {
  ...own,
  ...Object.fromEntries(cases.map(({ name, template }) => [
    name,
    template.replace(/\{%(-?) (?:end)?generation (-?)%\}/g, "{%$1 if true $2%}{% endif %}"),
  ])),
};

/** A long talk; with a field of its own on each message, its turns are all unlike and found one by one. */
function talk(pairs: number, isUnlike: boolean): Message[] {
  const said = ["Yes", " a b\n", "Was it 7?", "日本 😀", "Yes", "x".repeat(40)];
  return Array.from({ length: pairs }, (_, at) => {
    const mark = isUnlike ? { [`field ${at}`]: true } : {};
    return [
      { role: "user", content: `Yes, was it ${at}?`, ...mark },
      { role: "assistant", content: said[at % said.length]!, ...mark },
    ];
  }).flat();
}

async function rendererOf(template: string): Promise<{ readonly render: Render; readonly counted: () => number }> {
  const format = { templates: new Map<string, string>(), specialTokens: { bos_token: "<s>", eos_token: "</s>" } };
  const plain = (await chatTemplates({ template }, format, "/"))().render;
  let count = 0;
  return { render: (...given) => (count++, plain(...given)), counted: () => count };
}

for (const [name, template] of Object.entries(templates)) {
  Deno.test(`a long conversation's turns are those that each by itself is: ${name}`, async () => {
    const { render } = await rendererOf(template);
    const [alike, unlike] = [false, true].map((isUnlike) => {
      const { text, spans } = findTurns(talk(14, isUnlike), "all-turns", render, undefined);
      return { text, spans };
    });
    assert.deepEqual(alike, unlike);
  });
}

Deno.test("a conversation twice as long is rendered no more often", async () => {
  const { render, counted } = await rendererOf(own["the last turn has a thought"]);
  findTurns(talk(60, false), "all-turns", render, undefined);
  const once = counted();
  findTurns(talk(120, false), "all-turns", render, undefined);
  assert.equal(counted() - once, once);
  assert.ok(once < 100, `${once} times`);
});

Deno.test("encodeTurns() encodes a text once, however many turns it has", async () => {
  await inFolder(async (folder) => {
    await writeGolden(folder, await readGolden<Golden>("smollm"));
    const tokenizer = await loadTokenizer(folder), { render } = await rendererOf(own["every third turn has a mark"]);
    let encoded = 0;
    const encode = (text: string) => (encoded++, tokenizer.encode(text));
    const found = findTurns(talk(40, false), "all-turns", render, undefined);
    const { ids, turns } = encodeTurns(found, { ...tokenizer, encode });
    assert.equal(encoded, 1);
    assert.deepEqual(
      turns.map(([from, to]) => tokenizer.decode(ids.slice(from, to))),
      found.spans.map((span) => found.text.slice(...span)),
    );
  });
});

for (const name of goldenNames()) {
  Deno.test(`tokenEnds() is where the tokens' text ends, or says that a tokenizer changes it: ${name}`, async () => {
    await inFolder(async (folder) => {
      await writeGolden(folder, await readGolden<Golden>(name));
      const { encode, decode, ownText } = await loadTokenizer(folder);
      const exact = (ids: readonly number[]) => decode(ids, { cleanUpSpaces: false });
      for (const text of await goldenStrings()) {
        const ids = encode(text), ends = tokenEnds(ids, text, decode);
        assert.deepEqual(tokenEnds(ids, text, exact, ownText), tokenEnds(ids, text, exact), JSON.stringify(text));
        ends?.forEach((end, at) => {
          const part = decode(ids.slice(0, at + 1));
          if (part.endsWith("\ufffd") || text.includes("\ufffd")) return;
          const spaces = /\s/g;
          assert.equal(text.slice(0, end).replace(spaces, ""), part.replace(spaces, ""), JSON.stringify(text));
        });
      }
    });
  });
}
