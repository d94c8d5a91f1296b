/** Comma-separated values compared with Python's csv, and the errors for invalid files. @module */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { csv } from "../../../../pipelines/data/files/csv.ts";
import type { CsvRows } from "../../../../pipelines/data/files/declared.ts";
import { inFolder } from "../../models/support.ts";

const goldens: readonly { readonly text: string; readonly rows: readonly Readonly<Record<string, string>>[] }[] = JSON
  .parse(await Deno.readTextFile(new URL("../../../goldens/csv.json", import.meta.url)));

async function read(content: string | Uint8Array, options: Partial<CsvRows> = {}) {
  let rows: Awaited<ReturnType<typeof rowsOf>> = [];
  await inFolder(async (base) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${base}/rows.csv`, bytes);
    rows = await rowsOf(base, options);
  });
  return rows;
}

const rowsOf = (base: string, options: Partial<CsvRows>) =>
  Array.fromAsync(csv.records({ kind: "csv", path: "rows.csv", ...options }, { base }));

for (const { text, rows } of goldens) {
  Deno.test(`csv: reads what Python's csv reads: ${JSON.stringify(text)}`, async () => {
    assert.deepEqual((await read(text)).map(({ fields }) => fields), rows);
    for (const compress of [gzipSync, zstdCompressSync]) {
      assert.deepEqual((await read(compress(text))).map(({ fields }) => fields), rows);
    }
  });
}

Deno.test("csv: a row's location is the line where it begins", async () => {
  const rows = await read('\ufeffa,b\r\n1,"x\r\ny\r\nz"\r\n\r\n\n3,4\r\n"5\n",6\n7,8');
  assert.deepEqual(rows.map(({ place }) => place.line), [2, 7, 8, 10]);
});

Deno.test("csv: rows and lines are correct across chunk boundaries", async () => {
  const count = 40_000, text = "é".repeat(20);
  const rows = await read("a,b\r\n" + Array.from({ length: count }, (_, at) => `${at},"${text}\r\n"\r\n`).join(""));
  assert.equal(rows.length, count);
  rows.forEach(({ fields, place }, at) => {
    assert.deepEqual(fields, { a: String(at), b: `${text}\r\n` });
    assert.equal(place.line, 2 + 2 * at);
  });
});

Deno.test("csv: another separator, and names for columns that have none", async () => {
  const rows = await read("1;2\n", { separator: ";", columns: ["a", "b"] });
  assert.deepEqual(rows.map(({ fields, place }) => [fields, place.line]), [[{ a: "1", b: "2" }, 1]]);
});

Deno.test("csv: an index written by pandas has the name that pandas gives it", async () => {
  assert.deepEqual((await read(",a\n0,x\n")).map(({ fields }) => fields), [{ "Unnamed: 0": "0", a: "x" }]);
});

const latin = Uint8Array.of(0x61, 0x2c, 0x62, 0x0a, 0x63, 0x2c, 0xe9, 0x0a);
const utf16 = (text: string) => Uint8Array.from(Array.from(text).flatMap((c) => [c.charCodeAt(0), 0]));

const wrong: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ["a ragged row", "a,b\n1,2\n3\n", /:3: the line has 1 column where 2 are expected \(a, b\); /],
  ["a row with too many columns", 'a,b\n"1\n",2,3\n', /:2: the line has 3 columns where 2 are expected/],
  [
    "an unclosed quote",
    'a,b\n1,2\n3,"4\n5,6\n',
    /:3: a field begins with a quotation mark that is never closed; /,
  ],
  ["text after a quote", 'a,b\n"1"x,2\n', /:2: a field continues after the quotation mark/],
  ["two columns with the same name", "a,a\n1,2\n", /:1: two columns are called "a"; /],
  ["nothing", "", /the file has no rows/],
  ["only a header", "a,b\n", /the file has no rows/],
  ["another encoding", latin, /:2: the line is not UTF-8 text; save the file as UTF-8, as in iconv -f WINDOWS-1252/],
  ["UTF-16", utf16("a,b\n1,2\n"), /is UTF-16 text; .*iconv -f UTF-16/],
  ["semicolons", "a;b\n1;2\n", /separated by semicolons; read it with csv\(…\) and separator: ";"/],
  ["tabs", "a\tb\n1\t2\n", /tab-separated text; read it with tsv/],
  ["JSON Lines of two fields", '{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n', /is JSON; read it with jsonl/],
  ["JSON Lines", '{"a": 1}\n{"a": 2}\n', /is JSON; read it with jsonl/],
  [
    "a truncated gzip file",
    gzipSync("a,b\n" + "1,2\n".repeat(999)).subarray(0, 20),
    /gzip data is damaged or ends early/,
  ],
];

for (const [name, content, message] of wrong) {
  Deno.test(`csv: refuses ${name} in one line`, async () => {
    await assert.rejects(read(content), (error) => {
      assert.ok(error instanceof RequestError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
