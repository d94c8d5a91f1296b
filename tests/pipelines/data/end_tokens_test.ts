import assert from "node:assert/strict";
import { endTokensOf, withoutEnd } from "../../../pipelines/data/end_tokens.ts";
import { loadRows } from "../../../pipelines/data/rows.ts";
import { loadTokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { chat, records } from "../../../mod.ts";
import { inFolder } from "../models/support.ts";
import { type Golden, readGolden, writeGolden } from "../models/tokenization/support_tokenizers.ts";

const ends = [{ id: 2, text: "</s>" }, { id: 7, text: "<|end|>" }];

for (
  const [text, expected] of [
    ["a dog", undefined],
    ["a </s> dog", undefined],
    ["a dog</s>", ["a dog", 2]],
    ["a dog </s>\n", ["a dog ", 2]],
    ["a dog<|end|>", ["a dog", 7]],
    ["a dog<|end|></s>", ["a dog", 7]],
    ["</s>", ["", 2]],
  ] as const
) {
  Deno.test(`withoutEnd() of ${JSON.stringify(text)}`, () => {
    const found = withoutEnd(text, ends);
    assert.deepEqual(found && [found.text, found.end.id], expected);
  });
}

Deno.test("endTokensOf() returns the end-of-sequence tokens that a text can spell out", () =>
  inFolder(async (folder) => {
    await writeGolden(folder, await readGolden<Golden>("llama_legacy"));
    const tokenizer = await loadTokenizer(folder);
    assert.deepEqual(endTokensOf(tokenizer), [{ id: 2, text: "</s>" }]);
    assert.deepEqual(endTokensOf({ ...tokenizer, encode: () => [5, 6] }), []);
  }));

const reading = { format: { templates: new Map<string, string>(), specialTokens: {} }, asksLast: false, ends };

Deno.test("a completion ends before its end-of-sequence token", async () => {
  const rows = records([{ q: "one", a: "a red ball</s>" }, { q: "two", a: "blue" }], {
    prompt: "{q}",
    completion: "{a}",
  });
  const found = await loadRows(rows, "/", reading);
  assert.deepEqual(found.map(({ completion, end }) => [completion, end]), [["a red ball", ends[0]], [
    "blue",
    undefined,
  ]]);
});

Deno.test("a turn's end-of-sequence token is not repeated, and is kept if the template does not end turns", async () => {
  const talk = [{ role: "user", content: "What?" }, { role: "assistant", content: "Blue.</s>" }];
  const load = (end: string) => {
    const template = `{% for m in messages %}[{{ m.content }}${end}{% endfor %}`;
    return loadRows(chat([talk], { template }), "/", reading);
  };
  for (const end of ["</s>\n", ""]) {
    const [row] = await load(end);
    assert.equal(row!.turns!.text.split("</s>").length, end === "" ? 2 : 3);
    assert.ok(row!.turns!.text.trimEnd().endsWith("[Blue.</s>"));
    assert.deepEqual([row!.completion, row!.end], ["Blue.", ends[0]]);
  }
});
