import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type TokenizedPrompt, tokenizePrompt } from "../../../pipelines/data/examples.ts";
import { fieldTokens, readPrompt } from "../../../pipelines/data/prompt_tokens.ts";
import { fillTemplate, parseTemplate } from "../../../pipelines/data/template.ts";
import { loadTokenizer, type Tokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { sharedFolder } from "../../support/shared.ts";

const builtin = fileURLToPath(new URL("../../../pipelines/models/builtin/tiny", import.meta.url));
const shared = sharedFolder();
const folders = [builtin, ...(shared === undefined ? [] : [`${shared}/models/stories260k`])];

function promptOf(tokenizer: Tokenizer, template: string, fields: Readonly<Record<string, unknown>>): TokenizedPrompt {
  const filled = fillTemplate(parseTemplate(template, "prompt"), { fields }, "prompt");
  return tokenizePrompt({ ...filled, fields }, tokenizer);
}

const withoutSpaces = (text: string) => text.replaceAll(" ", "");
const country = { country: "Österreich 日本", other: "a" };

for (const folder of folders) {
  const name = folder.split("/").at(-1);

  Deno.test(`the tokens of a field are those that contain its text, with the tokenizer of ${name}`, async () => {
    const tokenizer = await loadTokenizer(folder);
    for (const template of ["{country} is far, {country}!", "Where is {country}?\n", " {other}{country}"]) {
      const prompt = promptOf(tokenizer, template, country), { spans, text } = prompt.source;
      const tokens = fieldTokens(prompt, "country", tokenizer.decode);
      for (const [start, end] of spans["country"]!) {
        // The text of the tokens before a span and up to its end shows where it begins and ends.
        const upTo = (token: number) => tokenizer.decode(prompt.prompt.slice(0, token), { skipSpecialTokens: true });
        const inside = tokens.filter((token) => {
          // An incomplete character does not show where it ends.
          return upTo(token + 1).trimStart().length > text.slice(0, start).trimStart().length &&
            upTo(token).replace(/\ufffd+$/, "").length < end + 1;
        });
        const said = tokenizer.decode(inside.map((token) => prompt.prompt[token]!), { skipSpecialTokens: true });
        // A part's first space may be lost when it is decoded alone.
        assert.ok(
          withoutSpaces(said).includes(withoutSpaces(text.slice(start, end))),
          `${JSON.stringify(said)} of ${JSON.stringify(text)}`,
        );
      }
      assert.deepEqual(tokens, [...new Set(tokens)].sort((a, b) => a - b));
      const rest = prompt.prompt.filter((_, token) => !tokens.includes(token));
      assert.ok(!/日|sterr/.test(tokenizer.decode(rest)), tokenizer.decode(rest));
    }
  });

  Deno.test(`the fields of a prompt that is cut at its start are found, with the tokenizer of ${name}`, async () => {
    const tokenizer = await loadTokenizer(folder);
    const whole = promptOf(tokenizer, "{other} long way before {country} comes", country);
    const tokens = fieldTokens(whole, "country", tokenizer.decode);
    const cut = { ...whole, prompt: whole.prompt.slice(tokens[0]! - 1) };
    assert.deepEqual(fieldTokens(cut, "country", tokenizer.decode), tokens.map((token) => token - tokens[0]! + 1));
    const gone = { ...whole, prompt: whole.prompt.slice(tokens.at(-1)! + 1) };
    assert.deepEqual(fieldTokens(gone, "country", tokenizer.decode), []);
  });

  Deno.test(`the fields of a text that is cut at its end are found, with the tokenizer of ${name}`, async () => {
    const tokenizer = await loadTokenizer(folder);
    const whole = promptOf(tokenizer, "{other} way before {country} comes", country);
    const tokens = fieldTokens(whole, "country", tokenizer.decode);
    const cut = (count: number) => {
      const prompt = whole.prompt.slice(0, count);
      return fieldTokens({ ...whole, prompt, typeIds: prompt.map(() => 0) }, "country", tokenizer.decode);
    };
    assert.deepEqual(cut(tokens.at(-1)! + 1), tokens);
    assert.deepEqual(cut(tokens[0]! + 1), tokens.slice(0, 1));
    assert.deepEqual(cut(tokens[0]!), []);
  });
}

Deno.test("readPrompt() returns text, pieces, the row's fields and each field's tokens", async () => {
  const tokenizer = await loadTokenizer(builtin), prompt = promptOf(tokenizer, "x {other}\n", country);
  const { text, ids, pieces, fields, spans } = readPrompt(prompt, tokenizer.decode);
  assert.deepEqual([text, ids, fields], [tokenizer.decode(prompt.prompt), prompt.prompt, country]);
  assert.deepEqual(Object.keys(spans), ["other"]);
  assert.deepEqual(spans["other"]!.map((token) => pieces[token]!.trim()), ["a"]);
});

Deno.test("a tokenizer that changes the text is refused", () => {
  const prompt = { prompt: [0, 1], source: { text: "AB", spans: { q: [[0, 2]] as const }, fields: {} } };
  assert.throws(() => fieldTokens(prompt, "q", (ids) => ids.map(() => "x").join("")), /choose them with a function$/);
});
