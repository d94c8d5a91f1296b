import assert from "node:assert/strict";
import { join } from "node:path";
import type { Dataset, JsonlSource, RecordsSource, SplitView, TsvSource } from "../../../pipelines/data/dataset.ts";
import { loadRows } from "../../../pipelines/data/rows.ts";

const template = { prompt: "{question}\n", completion: "{answer}" };
const folder = await Deno.makeTempDir({ prefix: "refract_rows_" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

let files = 0;
/** A JSONL source with this content. */
function jsonl(content: string | Uint8Array<ArrayBuffer>): JsonlSource {
  const path = `rows${files++}.jsonl`;
  Deno.writeFileSync(join(folder, path), typeof content === "string" ? new TextEncoder().encode(content) : content);
  return { kind: "jsonl", path: `./${path}`, template };
}

/** `count` rows whose prompts are their numbers. */
function numbered(count: number): RecordsSource {
  return {
    kind: "records",
    records: Array.from({ length: count }, (_, index) => ({ question: index, answer: "yes" })),
    template: { ...template, prompt: "{question}" },
  };
}
const numbers = async (dataset: Dataset) => (await loadRows(dataset, folder)).map((row) => Number(row.prompt));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Asserts that loading fails with a message of one line. */
async function rejects(dataset: Dataset, message: RegExp | string): Promise<void> {
  await assert.rejects(loadRows(dataset, folder), (error: Error) => {
    assert.equal(error.name, "RequestError");
    assert.doesNotMatch(error.message, /\n|\.$/);
    const shown = error.message.replace(`${folder}/`, "");
    if (typeof message === "string") assert.equal(shown.replace(/^rows\d+\.jsonl/, "rows.jsonl"), message);
    else assert.match(shown, message);
    return true;
  });
}

Deno.test("loadRows() reads a file of one object per line, with each row's location", async () => {
  const source = jsonl('{"question": "Why?", "answer": "So", "id": [1]}\n{"question": "é", "answer": 4}\n');
  const file = join(folder, source.path);
  assert.deepEqual(await loadRows(source, folder), [
    {
      kind: "completion",
      prompt: "Why?\n",
      spans: { question: [[0, 4]] },
      completion: "So",
      fields: { question: "Why?", answer: "So", id: [1] },
      place: { file, line: 1 },
    },
    {
      kind: "completion",
      prompt: "é\n",
      spans: { question: [[0, 1]] },
      completion: "4",
      fields: { question: "é", answer: 4 },
      place: { file, line: 2 },
    },
  ]);
});

Deno.test("loadRows() uses an absolute path unchanged", async () => {
  const source = jsonl('{"question": "a", "answer": "b"}');
  const rows = await loadRows({ ...source, path: join(folder, source.path) }, "/elsewhere");
  assert.equal(rows.length, 1);
});

Deno.test("loadRows() tolerates a byte order mark, CRLF and blank lines and counts them all", async () => {
  const rows = await loadRows(
    jsonl('\ufeff{"question": "a", "answer": "b"}\r\n\r\n  \n{"question": "c", "answer": "d"}\r\n'),
    folder,
  );
  assert.deepEqual(rows.map(({ prompt, place }) => [prompt, place.line]), [["a\n", 1], ["c\n", 4]]);
});

Deno.test("loadRows() names the line and column of broken JSON", async () => {
  const good = '{"question": "a", "answer": "b"}\n';
  await rejects(
    jsonl(`${good}{"question": "a",}\n`),
    "rows.jsonl:2:18: the line is not JSON (expected double-quoted property name); correct or remove it",
  );
  await rejects(
    jsonl(`${good}\n{"question": wrong}\n`),
    "rows.jsonl:3:14: the line is not JSON (unexpected token 'w'); correct or remove it",
  );
  await rejects(
    jsonl('{"question": 1'),
    "rows.jsonl:1:15: the line is not JSON (expected ',' or '}' after property value); correct or remove it",
  );
  await rejects(
    jsonl('{"question": '),
    "rows.jsonl:1:13: the line is not JSON (unexpected end of JSON input); correct or remove it",
  );
  await rejects(
    jsonl("{\u0001}"),
    "rows.jsonl:1:2: the line is not JSON (expected property name or '}'); correct or remove it",
  );
});

Deno.test("loadRows() rejects a line that is not an object", async () => {
  await rejects(jsonl("[1]"), "rows.jsonl:1: expected a JSON object but found an array; write one object per row");
  await rejects(
    jsonl('{"question": "a", "answer": "b"}\nnull'),
    "rows.jsonl:2: expected a JSON object but found null; write one object per row",
  );
  await rejects(jsonl("7"), "rows.jsonl:1: expected a JSON object but found a number; write one object per row");
});

Deno.test("loadRows() rejects a file that is missing, a folder, empty or not text", async () => {
  await rejects(
    { kind: "jsonl", path: "none.jsonl", template },
    /^"none.jsonl" is not a file in .*; relative paths are resolved from/,
  );
  await rejects({ kind: "jsonl", path: ".", template }, /^"." is a folder; give/);
  await rejects(jsonl(""), "rows.jsonl: the file has no rows; write one JSON object per line");
  await rejects(jsonl("\n \n"), "rows.jsonl: the file has no rows; write one JSON object per line");
  await rejects(
    jsonl(new Uint8Array([...new TextEncoder().encode('{"question": "a", "answer": "b"}\n'), 0xff, 0x0a])),
    "rows.jsonl:2: the line is not UTF-8 text; save the file as UTF-8, as in iconv -f WINDOWS-1252 -t UTF-8 if it comes " +
      "from Windows",
  );
});

Deno.test("loadRows() fills templates from records, prints numbers and booleans, and unescapes double braces", async () => {
  const rows = await loadRows({
    kind: "records",
    records: [{ a: 1.5, b: true, "long name": "{a}" }],
    template: { prompt: "{{{a}}}{b}", completion: "{long name}{{}}" },
  }, folder);
  assert.deepEqual(rows.map(({ prompt, completion, place }) => ({ prompt, completion, place })), [
    { prompt: "{1.5}True", completion: "{a}{}", place: { file: "records", line: 1 } },
  ]);
});

Deno.test("loadRows() names a missing field and the existing ones", async () => {
  await rejects(
    jsonl('{"qestion": "a", "answer": "b"}'),
    'rows.jsonl:1: the row has no field "question", which the prompt template names; ' +
      'did you mean "qestion" (it has "qestion", "answer")',
  );
  await rejects(
    jsonl('{"question": "a", "text": "b"}'),
    'rows.jsonl:1: the row has no field "answer", which the completion template names; ' +
      'use one of those it has: "question", "text"',
  );
  await rejects(jsonl("{}"), /^rows\d+.jsonl:1: .* names; it has none$/);
  await rejects({ ...numbered(1), template: { prompt: "{toString}", completion: "{answer}" } }, /no field "toString"/);
});

Deno.test("loadRows() prints JSON values as Python does", async () => {
  const printed: Readonly<Record<string, string>> = {
    "5.0": "5.0",
    "0.10": "0.1",
    "1e-7": "1e-07",
    "1e3": "1000.0",
    "-0.0": "-0.0",
    "3.10": "3.1",
    "1e999": "inf",
    "12345678901234567890": "12345678901234567890",
    "true": "True",
    "[1, 2.0, null]": "[1, 2.0, None]",
    "[]": "[]",
    '{"10": "it\'s", "b": 1, "2": "é\\n"}': `{'10': "it's", 'b': 1, '2': 'é\\n'}`,
  };
  const source = jsonl(Object.keys(printed).map((value) => `{"question": ${value}, "answer": ${value}}\n`).join(""));
  const rows = await loadRows({ ...source, template: { prompt: "{question}", completion: "{answer}" } }, folder);
  assert.deepEqual(rows.map(({ prompt }) => prompt), Object.values(printed));
  assert.deepEqual(rows.map(({ completion }) => completion), Object.values(printed));
  // A pipeline's functions still see plain values.
  assert.deepEqual(
    rows.map(({ fields }) => fields["question"]),
    Object.keys(printed).map((value) => JSON.parse(value)),
  );
});

Deno.test("loadRows() rejects null, numbers that JavaScript has rounded and half of a surrogate pair", async () => {
  await rejects(jsonl('{"question": null, "answer": "b"}'), /^rows\d+.jsonl:1: the field "question" holds null/);
  const rounded = { question: 2 ** 53, answer: "b" };
  await rejects({ kind: "records", records: [rounded], template }, /^records:1: the number 9007199254740992 lost/);
  await rejects(
    jsonl('{"question": "half \\ud83d here", "answer": "ok"}'),
    'rows.jsonl:1: the field "question" has \\ud83d, half of a surrogate pair, which is not a character; correct its escapes',
  );
  await rejects(
    jsonl('{"question": "whole \\ud83d\\ude00", "answer": ["\\ude00"]}\n{"question": "", "answer": ""}'),
    /:2: .* empty/,
  );
});

Deno.test("loadRows() rejects a template whose braces don't pair", async () => {
  for (const prompt of ["{question", "{que{stion}", "question}", "{}", "{question}}"]) {
    await rejects(
      { ...numbered(1), template: { prompt, completion: "{answer}" } },
      /^the prompt template ".*(write|name)/,
    );
  }
});

Deno.test("loadRows() rejects an empty completion", async () => {
  await rejects(
    jsonl('{"question": "a", "answer": "b"}\n{"question": "a", "answer": ""}'),
    "rows.jsonl:2: the row's completion is empty; fill its field or remove it",
  );
});

Deno.test("loadRows() takes and skips rows in order", async () => {
  const of = numbered(10);
  assert.deepEqual(await numbers({ kind: "take", of, count: 3 }), range(0, 3));
  assert.deepEqual(await numbers({ kind: "take", of, count: 30 }), range(0, 10));
  assert.deepEqual(await numbers({ kind: "skip", of, count: 7 }), range(7, 10));
  assert.deepEqual(await numbers({ kind: "take", of: { kind: "skip", of, count: 2 }, count: 3 }), range(2, 5));
  assert.deepEqual(await numbers({ kind: "skip", of: { kind: "take", of, count: 3 }, count: 2 }), [2]);
});

Deno.test("loadRows() applies the templates only to the selected rows", async () => {
  const source = jsonl('{"question": "a", "answer": "b"}\n{}\n');
  assert.equal((await loadRows({ kind: "take", of: source, count: 1 }, folder)).length, 1);
});

Deno.test("loadRows() splits 48 rows by a quarter into 36 and 12, in file order, covering all", async () => {
  const split = { kind: "split", of: numbered(48), test: 0.25, seed: 7 } as const;
  const train = await numbers({ ...split, part: "train" });
  const test = await numbers({ ...split, part: "test" });
  assert.deepEqual([train.length, test.length], [36, 12]);
  assert.deepEqual([...train, ...test].toSorted((a, b) => a - b), range(0, 48));
  for (const part of [train, test]) assert.deepEqual(part, part.toSorted((a, b) => a - b));
  assert.notDeepEqual(test, range(36, 48));
  assert.deepEqual(test, await numbers({ ...split, part: "test" }));
  assert.notDeepEqual(test, await numbers({ ...split, part: "test", seed: 8 }));
});

Deno.test("loadRows() splits by a number of rows, and a share into at least one", async () => {
  const split: SplitView = { kind: "split", of: numbered(10), part: "test", test: 3, seed: 7 };
  assert.equal((await numbers(split)).length, 3);
  assert.equal((await numbers({ ...split, test: 0.01 })).length, 1);
  assert.equal((await numbers({ ...split, test: 0.25 })).length, 3);
  assert.equal((await numbers({ kind: "take", of: { ...split, part: "train" }, count: 4 })).length, 4);
});

Deno.test("loadRows() rejects a split that leaves no training rows or is meaningless", async () => {
  const split: SplitView = { kind: "split", of: numbered(10), part: "train", test: 10, seed: 7 };
  await rejects(split, /^split\(\{ test: 10 \}\) of the 10 rows of records leaves none to train on/);
  await rejects({ ...split, of: numbered(1), test: 0.5 }, /of the 1 rows of records leaves none/);
  await rejects({ ...split, test: 0.99 }, /leaves none/);
  for (const test of [0, -1, 1.5, NaN]) await rejects({ ...split, test }, /expected split's test/);
  await rejects({ ...split, seed: 0.5 }, /expected split's seed/);
});

Deno.test("loadRows() rejects views that leave no rows or have invalid counts", async () => {
  const of = numbered(10);
  await rejects(
    { kind: "take", of: { kind: "skip", of, count: 10 }, count: 5 },
    "no row is left of the 10 of records after .skip(10).take(5); give it more rows or request fewer",
  );
  await rejects({ kind: "take", of, count: 0 }, /^no row is left of the 10 of records/);
  await rejects(
    { kind: "take", of, count: -1 },
    "expected take's count to be a whole number of rows but found -1; correct it, as in .take(100)",
  );
  await rejects({ kind: "skip", of, count: 0.5 }, /expected skip's count/);
  await rejects(numbered(0), "records([]) has no rows; give it at least one");
});

/** A TSV source with this content. */
function tsv(content: string, more: Partial<TsvSource> = {}): TsvSource {
  const path = `rows${files++}.tsv`;
  Deno.writeTextFileSync(join(folder, path), content);
  return { kind: "tsv", path, template: { text: "{sentence}", label: "{label}" }, ...more };
}

Deno.test("loadRows() reads columns that a header names, and keeps quotation marks and spaces", async () => {
  const source = tsv('\ufefflabel\tsentence\r\n1\t"So, he said. \r\n\n0\t\u00e9\t\n'.replace("\t\n", "\n"));
  const found = await loadRows(source, folder), file = join(folder, source.path);
  assert.deepEqual(found.map(({ kind, prompt, completion, place }) => [kind, prompt, completion, place]), [
    ["label", '"So, he said. ', "1", { file, line: 2 }],
    ["label", "é", "0", { file, line: 4 }],
  ]);
});

Deno.test("loadRows() reads columns that the pipeline names, and pairs of texts", async () => {
  const template = { text: "{a}", pair: "{b} ({c})", label: "{c}" };
  const [row] = await loadRows(tsv("x y\t\tz\n", { template, columns: ["a", "b", "c"] }), folder);
  assert.deepEqual([row!.prompt, row!.pair, row!.completion, row!.fields], ["x y", " (z)", "z", {
    a: "x y",
    b: "",
    c: "z",
  }]);
});
