import assert from "node:assert/strict";
import { type ExampleTokenizer, tokenize, type TokenizedExample } from "../../../pipelines/data/examples.ts";
import type { Row } from "../../../pipelines/data/row.ts";
import { RequestError } from "../../../pipelines/common/errors.ts";

/** One token a character, 1 in front of a prompt. */
const tokenizer: ExampleTokenizer = {
  encodePrompt: (text) => [1, ...tokenizer.encode(text)],
  encode: (text) => [...text].map((character) => character.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  around: { before: [1], after: [] },
  isSpecial: (id) => id < 3,
  eosTokenId: 2,
};
const row = (prompt: string, completion: string): Row => ({
  kind: "completion",
  prompt,
  spans: { q: [[0, prompt.length]] },
  completion,
  fields: { q: prompt },
  place: { file: "rows.jsonl", line: 3 },
});

const idsOf = (examples: readonly TokenizedExample[]) => {
  return examples.map(({ prompt, completion }) => ({ prompt, completion }));
};

Deno.test("tokenize() keeps what a prompt was made of", () => {
  const [{ source }] = tokenize([row("ab", "c")], tokenizer, { maxContext: 5 }) as [TokenizedExample];
  const place = { file: "rows.jsonl", line: 3 };
  assert.deepEqual(source, { text: "ab", spans: { q: [[0, 2]] }, fields: { q: "ab" }, place });
});

Deno.test("tokenize() encodes prompt and completion apart and ends the completion", () => {
  assert.deepEqual(idsOf(tokenize([row("ab", "c"), row("d", "ef")], tokenizer, { maxContext: 5 })), [
    { prompt: [1, 97, 98], completion: [99, 2] },
    { prompt: [1, 100], completion: [101, 102, 2] },
  ]);
});

Deno.test("tokenize() rejects a row that is longer than the model's context", () => {
  assert.throws(() => tokenize([row("ab", "c")], tokenizer, { maxContext: 4 }), {
    name: "RequestError",
    message: "rows.jsonl:3: the row has 5 tokens and the model reads at most 4; " +
      "shorten the row, or let its training or evaluation cut the prompt's start with maxLength: 4",
  });
  assert.throws(() => tokenize([row("ab", "c")], tokenizer, { maxContext: 4, maxLength: 10 }), RequestError);
});

Deno.test("tokenize() keeps the prompt's last tokens and the whole completion within maxLength", () => {
  const tokenized = tokenize([row("abcd", "ef"), row("a", "b")], tokenizer, { maxContext: 100, maxLength: 5 });
  assert.deepEqual(idsOf(tokenized), [
    { prompt: [99, 100], completion: [101, 102, 2] },
    { prompt: [1, 97], completion: [98, 2] },
  ]);
  assert.equal(tokenize([row("abcd", "ef")], tokenizer, { maxContext: 5, maxLength: 5 }).length, 1);
});

Deno.test("tokenize() rejects a completion that leaves no room for the prompt", () => {
  assert.throws(() => tokenize([row("a", "bcd")], tokenizer, { maxContext: 100, maxLength: 4 }), {
    name: "RequestError",
    message: "rows.jsonl:3: the row's completion has 4 tokens and leaves no room for a prompt within maxLength: 4; " +
      "raise maxLength or shorten the completion",
  });
});

Deno.test("tokenize() rejects a prompt without tokens", () => {
  const bare = { ...tokenizer, encodePrompt: tokenizer.encode };
  assert.throws(() => tokenize([row("", "a")], bare, { maxContext: 100 }), /^RequestError: rows.jsonl:3: .*no tokens/);
});

Deno.test("tokenize() rejects a maxLength that is not a number of tokens", () => {
  for (const maxLength of [0, -1, 1.5, NaN]) {
    assert.throws(() => tokenize([], tokenizer, { maxContext: 100, maxLength }), RequestError);
  }
});
