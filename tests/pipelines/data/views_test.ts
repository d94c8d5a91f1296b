/** Views of rows: the rows that they select, their order, and how much is read for them. @module */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { loadRows } from "../../../pipelines/data/rows.ts";
import { csv, hub, json, jsonl, records } from "../../../pipelines/dsl/data.ts";
import type { Rows } from "../../../pipelines/dsl/rows.ts";
import { inFolder } from "../models/support.ts";

const template = { prompt: "{n}", completion: "a" };
const ten = records(
  Array.from({ length: 10 }, (_, n) => ({ n, third: n % 3, kind: n < 5 ? "low" : "high" })),
  template,
);
const numbers = async (rows: Rows) => (await loadRows(rows, "/nowhere")).map(({ prompt }) => Number(prompt));

Deno.test("slice() selects the rows from a start to before an end", async () => {
  assert.deepEqual(await numbers(ten.slice(2, 5)), [2, 3, 4]);
  assert.deepEqual(await numbers(ten.slice(8)), [8, 9]);
  assert.deepEqual(await numbers(ten.slice(8, 99)), [8, 9]);
  assert.deepEqual(await numbers(ten.slice(2, 8).slice(1, 3)), [3, 4]);
  await assert.rejects(numbers(ten.slice(5, 5)), /slice's start and end .* found 5 and 5; correct them/);
});

Deno.test("map() and filter() see fields and the number of each row", async () => {
  const seen: unknown[] = [];
  const rows = ten.skip(7).map((row, at) => {
    seen.push([row["n"], at]);
    return { ...row, n: Number(row["n"]) * 10 };
  });
  assert.deepEqual(await numbers(rows), [70, 80, 90]);
  assert.deepEqual(seen, [[7, 0], [8, 1], [9, 2]]);
  assert.deepEqual(await numbers(ten.filter(({ kind }) => kind === "high").filter((_, at) => at < 2)), [5, 6]);
  assert.deepEqual(await numbers(ten.filter(({ third }) => third === 0).take(2)), [0, 3]);
});

Deno.test("a function result that is not a row is refused with the row's location", async () => {
  const wrong: readonly (readonly [Rows, RegExp])[] = [
    [ten.map((row) => JSON.parse(String(row["x"]))), /records:1: the function of \.map failed \(.*\); correct it/],
    [ten.map(() => JSON.parse("[]")), /records:1: the function of .map returned a list; return an object/],
    [ten.map(() => JSON.parse("null")), /returned null; return/],
    [
      ten.filter(({ n }) => JSON.parse(String(n))),
      /records:1: the function of \.filter returned a number; return true or false/,
    ],
  ];
  for (const [rows, message] of wrong) await assert.rejects(numbers(rows), message);
});

Deno.test("map() keeps the printed form of values, except for whole floats", async () => {
  await inFolder(async (base) => {
    await Deno.writeTextFile(`${base}/rows.jsonl`, '{"n": 5.0, "s": "x"}\n');
    const rows = jsonl("rows.jsonl", { prompt: "{n} {s}", completion: "a" });
    const prompt = async (of: Rows) => (await loadRows(of, base))[0]!.prompt;
    assert.equal(await prompt(rows), "5.0 x");
    assert.equal(await prompt(rows.filter(() => true)), "5.0 x");
    assert.equal(await prompt(rows.map((row) => row)), "5 x");
  });
});

Deno.test("unique() keeps the first row of each value", async () => {
  assert.deepEqual(await numbers(ten.unique("third")), [0, 1, 2]);
  const long = "x".repeat(100);
  const mixed = records([1, "1", 1, [1], long, long, null].map((v, n) => ({ n, v, deep: { v } })), template);
  assert.deepEqual(await numbers(mixed.unique("v")), [0, 1, 3, 4, 6]);
  assert.deepEqual(await numbers(mixed.unique("deep.v")), [0, 1, 3, 4, 6]);
  await assert.rejects(
    numbers(ten.unique("tird")),
    /records:1: the row has no field "tird", which \.unique names; did you/,
  );
});

Deno.test("shuffle() returns all rows in an order determined by its seed", async () => {
  const one = await numbers(ten.shuffle(7));
  assert.deepEqual(one.toSorted((a, b) => a - b), await numbers(ten));
  assert.notDeepEqual(one, await numbers(ten));
  assert.deepEqual(await numbers(ten.shuffle(7)), one);
  assert.notDeepEqual(await numbers(ten.shuffle(8)), one);
  assert.deepEqual(await numbers(ten.shuffle(7).take(3)), one.slice(0, 3));
  assert.deepEqual(one, [1, 2, 7, 9, 6, 4, 3, 5, 8, 0], "the order is part of a pipeline's meaning");
  assert.throws(() => ten.shuffle(0.5), /the first argument of rows\.shuffle is 0\.5; give a whole number, as in/);
});

Deno.test("sample() draws rows without repetition, in their order", async () => {
  const drawn = await numbers(ten.sample(4, 7));
  assert.deepEqual(drawn, drawn.toSorted((a, b) => a - b));
  assert.equal(new Set(drawn).size, 4);
  assert.deepEqual(await numbers(ten.sample(4, 7)), drawn);
  assert.deepEqual(await numbers(ten.sample(10, 1)), await numbers(ten));
  await assert.rejects(numbers(ten.sample(11, 7)), /records: sample\(11, 7\) of 10 rows is more than there are/);
});

Deno.test("concat() appends rows of other sources and templates", async () => {
  await inFolder(async (base) => {
    await Deno.writeTextFile(`${base}/more.csv`, "q\nx\ny\n");
    const more = csv("more.csv", { prompt: "Q {q}", completion: "a" });
    const prompts = async (rows: Rows) => (await loadRows(rows, base)).map(({ prompt }) => prompt);
    assert.deepEqual(await prompts(ten.take(2).concat(more, ten.skip(9))), ["0", "1", "Q x", "Q y", "9"]);
    assert.deepEqual(await prompts(ten.concat(more).slice(9, 11)), ["9", "Q x"]);
    assert.equal((await prompts(ten.concat(more).split({ test: 3, seed: 1 }).train)).length, 9);
  });
});

Deno.test("a pattern's files are read in the order of their names, and no further than necessary", async () => {
  await inFolder(async (base) => {
    await Deno.mkdir(`${base}/deep/er`, { recursive: true });
    const line = (n: number) => `${JSON.stringify({ n })}\n`;
    await Deno.writeTextFile(`${base}/part-10.jsonl`, line(10));
    await Deno.writeFile(`${base}/part-02.jsonl.gz`, gzipSync(line(2)));
    await Deno.writeTextFile(`${base}/part-9.jsonl`, "no JSON");
    await Deno.writeTextFile(`${base}/deep/er/part-3.jsonl`, line(3));
    await Deno.writeTextFile(`${base}/odd[1].jsonl`, line(7));
    const of = async (rows: Rows) => (await loadRows(rows, base)).map(({ prompt }) => Number(prompt));
    assert.deepEqual(await of(jsonl("./part-*", template).take(2)), [2, 10]);
    assert.deepEqual(await of(jsonl(`${base}/part-{02,10}.*`, template)), [2, 10]);
    assert.deepEqual(await of(jsonl("**/part-3*.jsonl", template)), [3]);
    assert.deepEqual(await of(jsonl("odd[1].jsonl", template)), [7]);
    await assert.rejects(of(jsonl("part-*.jsonl", template)), /part-9\.jsonl:1:2: the line is not JSON/);
    await assert.rejects(of(jsonl("./x-*.jsonl", template)), /no file matches "\.\/x-\*\.jsonl" in .*; correct it/);
  });
});

Deno.test("rows beyond the limit in memory are read again, with the same results", async () => {
  await inFolder(async (base) => {
    const count = 30_000;
    await Deno.writeTextFile(`${base}/rows.csv`, "n\n" + Array.from({ length: count }, (_, n) => `${n}\n`).join(""));
    const file = csv("rows.csv", template), held = records(Array.from({ length: count }, (_, n) => ({ n })), template);
    const of = async (rows: Rows) => (await loadRows(rows, base)).map(({ prompt }) => prompt);
    for (
      const view of [
        (r: Rows) => r.shuffle(1).take(50),
        (r: Rows) => r.sample(50, 1),
        (r: Rows) => r.split({ test: 50, seed: 1 }).test,
      ]
    ) {
      assert.deepEqual(await of(view(file)), await of(view(held)));
    }
  });
});

Deno.test("an option that a source does not have is refused where it is declared", () => {
  assert.throws(
    () => csv("x.csv", template, { seperator: ";" } as object),
    /^RequestError: csv has no option "seperator"; did you mean "separator"/,
  );
  assert.throws(
    () => hub("o/n", { splits: "train" } as object),
    /^RequestError: hub has no option "splits"; did you mean "split"/,
  );
  assert.throws(
    () => json("x.json", template, { path: "data" } as object),
    /^RequestError: json has no option "path"; use one/,
  );
});
