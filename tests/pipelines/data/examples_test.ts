import assert from "node:assert/strict";
import {
  type ExampleTokenizer,
  tokenize,
  type TokenizedExample,
  type TokenizeOptions,
} from "../../../pipelines/data/examples.ts";
import type { Row } from "../../../pipelines/data/row.ts";
import { RequestError } from "../../../pipelines/common/errors.ts";

/** One token per character, with token 1 before a prompt. */
const tokenizer: ExampleTokenizer = {
  encodePrompt: (text) => [1, ...tokenizer.encode(text)],
  encode: (text) => [...text].map((character) => character.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  around: { before: [1], after: [] },
  isSpecial: (id) => id < 3,
  pieceOf: (id) => String.fromCharCode(id),
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

Deno.test("tokenize() keeps a prompt's source", () => {
  const [{ source }] = tokenize([row("ab", "c")], tokenizer, { maxContext: 5 }) as [TokenizedExample];
  const place = { file: "rows.jsonl", line: 3 };
  assert.deepEqual(source, { text: "ab", spans: { q: [[0, 2]] }, fields: { q: "ab" }, place });
});

Deno.test("tokenize() encodes prompt and completion and ends the completion", () => {
  assert.deepEqual(idsOf(tokenize([row("ab", "c"), row("d", "ef")], tokenizer, { maxContext: 5 })), [
    { prompt: [1, 97, 98], completion: [99, 2] },
    { prompt: [1, 100], completion: [101, 102, 2] },
  ]);
});

Deno.test("tokenize() rejects a row that is longer than the model's context", () => {
  assert.throws(() => tokenize([row("ab", "c")], tokenizer, { maxContext: 4 }), {
    name: "RequestError",
    message: "rows.jsonl:3: the row has 5 tokens, but the model reads at most 4; " +
      "shorten the row, or let its training or evaluation cut the prompt's start with maxLength: 4",
  });
  assert.throws(() => tokenize([row("ab", "c")], tokenizer, { maxContext: 4, maxLength: 10 }), RequestError);
});

Deno.test("tokenize() keeps the special tokens before a prompt, its last tokens and the whole completion within maxLength", () => {
  const tokenized = tokenize([row("abcd", "ef"), row("a", "b")], tokenizer, { maxContext: 100, maxLength: 5 });
  assert.deepEqual(idsOf(tokenized), [
    { prompt: [1, 100], completion: [101, 102, 2] },
    { prompt: [1, 97], completion: [98, 2] },
  ]);
  assert.equal(tokenize([row("abcd", "ef")], tokenizer, { maxContext: 5, maxLength: 5 }).length, 1);
});

Deno.test("tokenize() cuts the end of a row on the right, the end-of-sequence token first", () => {
  const limits = { maxContext: 100, truncate: "right" } as const;
  const cut = (maxLength: number) => idsOf(tokenize([row("ab", "cd")], tokenizer, { ...limits, maxLength }))[0]!;
  assert.deepEqual(cut(6), { prompt: [1, 97, 98], completion: [99, 100, 2] });
  assert.deepEqual(cut(5), { prompt: [1, 97, 98], completion: [99, 100] });
  assert.deepEqual(cut(4), { prompt: [1, 97, 98], completion: [99] });
  assert.throws(() => cut(3), {
    message: "rows.jsonl:3: the row's prompt has 3 tokens and leaves nothing of its completion within maxLength: 3; " +
      'raise maxLength, or cut the prompt\'s start with truncate: "left"',
  });
});

Deno.test("tokenize() cuts the end of a prompt for generation, with no room for its completion", () => {
  const limits = { maxContext: 100, truncate: "right", cutsPrompt: true } as const;
  const cut = (maxLength: number, toWrite = 0) =>
    idsOf(tokenize([row("abc", "d")], tokenizer, { ...limits, maxLength, toWrite }))[0]!;
  assert.deepEqual(cut(4), { prompt: [1, 97, 98, 99], completion: [100, 2] });
  assert.deepEqual(cut(3), { prompt: [1, 97, 98], completion: [100, 2] });
  assert.deepEqual(cut(100, 98), { prompt: [1, 97], completion: [100, 2] });
});

Deno.test("tokenize() reads another text instead of a completion, filled up if the completion is longer", () => {
  const filling = { ...tokenizer, fillTokenId: 9 };
  const reads = (completion: string, reads: string, limits: Partial<TokenizeOptions> = {}) => {
    const rows = [{ ...row("ab", completion), reads }];
    return tokenize(rows, filling, { maxContext: 100, truncate: "right", ...limits })[0]!;
  };
  const ids = (text: string) => tokenizer.encode(text), filled = reads("cde", "f");
  assert.deepEqual(idsOf([filled]), idsOf(tokenize([row("ab", "cde")], tokenizer, { maxContext: 100 })));
  assert.deepEqual(filled.reads, { tokens: [...ids("f"), 2, 9, 9], seen: 2 });
  assert.deepEqual(reads("c", "def").reads, { tokens: [...ids("def"), 2], seen: 4 });
  // Each is cut separately, as in pyreft.
  assert.deepEqual(reads("c", "def", { maxLength: 5 }).reads, { tokens: ids("de"), seen: 2 });
  assert.deepEqual(reads("cde", "", { maxLength: 5 }).reads, { tokens: [2, 9], seen: 1 });
});

Deno.test("tokenize() cuts the end of an encoder's text, but keeps its special tokens", () => {
  const ending = { ...tokenizer, encodePrompt: (text: string) => [...tokenizer.encode(text), 2] };
  const options = { maxContext: 100, maxLength: 4, truncate: "right", hasEncoder: true } as const;
  const around = { before: [], after: [2] };
  assert.deepEqual(idsOf(tokenize([row("abcd", "e")], { ...ending, around }, options)), [
    { prompt: [97, 2], completion: [101, 2] },
  ]);
});

Deno.test("tokenize() rejects a completion that leaves no room for the prompt", () => {
  assert.throws(() => tokenize([row("a", "bcd")], tokenizer, { maxContext: 100, maxLength: 4 }), {
    name: "RequestError",
    message: "rows.jsonl:3: the row's completion has 4 tokens and leaves no room for a prompt within maxLength: 4; " +
      "raise maxLength or shorten the completion",
  });
});

Deno.test("tokenize() rejects a prompt without tokens", () => {
  const around = { before: [], after: [] };
  const bare = { ...tokenizer, encodePrompt: tokenizer.encode, around };
  assert.throws(() => tokenize([row("", "a")], bare, { maxContext: 100 }), /^RequestError: rows.jsonl:3: .*no tokens/);
  const joined = { ...inPairs, around };
  assert.throws(
    () => tokenize([row("a", "b")], joined, { maxContext: 100 }),
    /no tokens of its own; .*tokenization: "apart"/,
  );
});

/** One token per two characters, with token 1 before a prompt and 9 after it. */
const inPairs: ExampleTokenizer = {
  ...tokenizer,
  encodePrompt: (text) => [1, ...inPairs.encode(text), 9],
  encode: (text) => (text.match(/..?/g) ?? []).map((part) => Number.parseInt(part, 36) + 10),
  decode: (ids) => ids.filter((id) => id >= 10).map((id) => (id - 10).toString(36)).join(""),
  pieceOf: (id) => inPairs.decode([id], { cleanUpSpaces: false }),
  around: { before: [1], after: [9] },
};

Deno.test("tokenize() encodes both as one text, and a token with characters of both belongs to the completion", () => {
  const noted: unknown[] = [];
  const note = (...given: readonly unknown[]) => noted.push(given);
  const ids = (text: string) => inPairs.encode(text);
  const [clean, mixed] = tokenize([row("abcd", "ef"), row("abc", "de")], inPairs, { maxContext: 100, note });
  assert.deepEqual([clean!.prompt, clean!.completion], [[1, ...ids("abcd")], [...ids("ef"), 2]]);
  assert.deepEqual([mixed!.prompt, mixed!.completion], [[1, ...ids("ab")], [...ids("cd"), ...ids("e"), 2]]);
  assert.deepEqual([clean!.source.text, mixed!.source.text], ["abcd", "ab"]);
  const endings = 'alone it ends in "c"; with the completion that becomes "cd"';
  assert.deepEqual(noted, [["border", { file: "rows.jsonl", line: 3 }, endings]]);
});

Deno.test("tokenize() encodes both separately if the row requests it or the model has an encoder", () => {
  const apart = { ...row("abc", "de"), tokenization: "apart" as const }, limits = { maxContext: 100 };
  const ids = (text: string) => inPairs.encode(text);
  const expected = [{ prompt: [1, ...ids("abc"), 9], completion: [...ids("de"), 2] }];
  assert.deepEqual(idsOf(tokenize([apart], inPairs, limits)), expected);
  assert.deepEqual(idsOf(tokenize([row("abc", "de")], inPairs, { ...limits, hasEncoder: true })), expected);
  const together = { ...apart, tokenization: "together" as const };
  assert.throws(() => tokenize([together], inPairs, { ...limits, hasEncoder: true }), /omit tokenization: "together"/);
});

Deno.test("tokenize() trains on the end-of-sequence token once if the source completion has it", () => {
  const noted: unknown[] = [];
  const ended = { ...row("a", "b"), end: { id: 7, text: "<end>" } };
  const found = tokenize([ended], tokenizer, { maxContext: 5, note: (note) => noted.push(note) });
  assert.deepEqual(found[0]!.completion, [98, 7]);
  assert.deepEqual(noted, ["end"]);
});

Deno.test("tokenize() leaves room for the generated tokens when it cuts prompts", () => {
  const limits = { maxContext: 8, maxLength: 8 };
  const lengths = (toWrite: number) =>
    tokenize([row("abcdefghij", "x")], tokenizer, { ...limits, toWrite })
      .map(({ prompt }) => prompt.map((id) => id === 1 ? "^" : String.fromCharCode(id)).join(""));
  assert.deepEqual([0, 4, 100].map(lengths), [["^fghij"], ["^hij"], ["^fghij"]]);
});

Deno.test("tokenize() rejects a maxLength that is not a number of tokens", () => {
  for (const maxLength of [0, -1, 1.5, NaN]) {
    assert.throws(() => tokenize([], tokenizer, { maxContext: 100, maxLength }), RequestError);
  }
});
