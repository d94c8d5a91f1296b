/** Starters adapted to a user's own rows and base model. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ownPipeline } from "../../../../pipelines/cli/commands/own_pipeline.ts";
import { ownRowsOf } from "../../../../pipelines/cli/commands/own_rows.ts";
import { test } from "../../store/support.ts";

const starter = (name: string) => {
  return Deno.readTextFile(new URL(`../../../../examples/projects/${name}/pipeline.ts`, import.meta.url));
};

/** The rows found in a file with a given text. */
async function found(folder: string, name: string, text: string) {
  await Deno.writeTextFile(join(folder, name), text);
  return await ownRowsOf(join(folder, name));
}

test("fields are recognized by their usual names, and default to the first and the last", async (folder) => {
  const of = async (name: string, text: string) => {
    const { reader, fields, labels } = await found(folder, name, text);
    return [reader, fields, labels];
  };
  assert.deepEqual(await of("a.csv", "id,answer,question\n1,b,a\n2,c,d\n"), [
    "csv",
    { asked: "question", taught: "answer" },
    ["b", "c"],
  ]);
  assert.deepEqual(await of("a.tsv", "review\tverdict\ngood food\tyes\n"), ["tsv", {
    asked: "review",
    taught: "verdict",
  }, []]);
  assert.deepEqual(await of("a.json", '[{"x": "a", "tags": [1], "y": 7}]'), ["json", { asked: "x", taught: "y" }, []]);
  assert.deepEqual(await of("b.json", '{"x": "a", "y": "b"}\n'), ["jsonl", { asked: "x", taught: "y" }, []]);
  assert.deepEqual(await of("a.jsonl", '{"messages": []}\n'), ["jsonl", undefined, []]);
});

test("a file without usable rows is refused in one line", async (folder) => {
  const refused = (name: string, text: string, message: RegExp) => assert.rejects(found(folder, name, text), message);
  await refused("a.xlsx", "", /a\.xlsx: does not end in \.jsonl, \.json, \.csv, \.tsv or \.parquet; /);
  await refused("a.csv", "question,answer\n", /a\.csv: the file has no rows; write one row per line$/);
  await refused(
    "a.jsonl",
    '{"text": "a", "more": []}\n',
    /a\.jsonl:1: has rows with fewer than two fields of text \(text\); /,
  );
});

test("a starter reads the file, edits all blocks of another base, and allows answers as long as the file's", async (folder) => {
  const rows = await found(folder, "reviews.csv", "review,verdict\nwarm soup,good\ncold soup,not so good\n");
  const text = ownPipeline("quickstart", await starter("quickstart"), { rows });
  assert.match(text, /^import \{\n {2}adamw,\n {2}baseModel,\n {2}block,\n {2}csv,\n {2}evaluate,/m);
  assert.ok(text.includes('csv("./reviews.csv", { prompt: "{review}\\n", completion: "{verdict}" })'), text);
  assert.match(
    text,
    /baseModel\("HuggingFaceTB\/SmolLM2-135M"\)[^]*block\("all"\)[^]*learningRate: 4e-3[^]*maxNewTokens: 10 /,
  );
  const tiny = ownPipeline("quickstart", await starter("quickstart"), { rows, base: "builtin:tiny" });
  assert.match(tiny, /baseModel\("builtin:tiny"\)[^]*block\(2\)/);
  const classes = ownPipeline("classification", await starter("classification"), { rows, base: "./model" });
  assert.match(classes, /const labels = \["good", "not so good"\];\n/);
  assert.ok(classes.includes('csv("./reviews.csv", { text: "{review}", label: "{verdict}" })'), classes);
});

test("conversations are only for chat, and a classification needs few labels", async (folder) => {
  const talks = await found(folder, "talks.jsonl", '{"messages": [{"role": "user", "content": "a"}]}\n');
  assert.match(ownPipeline("chat", await starter("chat"), { rows: talks }), /chat\("\.\/talks\.jsonl"\)/);
  const text = await starter("quickstart");
  assert.throws(
    () => ownPipeline("quickstart", text, { rows: talks }),
    /talks\.jsonl: has conversations; start with --from chat$/,
  );
  const rows = await found(folder, "one.csv", "question,answer\na,b\n"), chat = await starter("chat");
  assert.throws(() => ownPipeline("chat", chat, { rows }), /one\.csv: has no conversations \(rows with messages\); /);
  const classes = await starter("classification");
  assert.throws(
    () => ownPipeline("classification", classes, { rows }),
    /one\.csv: has too many different values of answer, or only one/,
  );
});
