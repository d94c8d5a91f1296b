import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { type FileReader, readingAs } from "../../../../pipelines/data/files/file_form.ts";
import { inFolder } from "../../models/support.ts";

const text = (content: string) => new TextEncoder().encode(content);
const utf16 = (content: string, ...mark: number[]) =>
  Uint8Array.from([...mark, ...Array.from(content).flatMap((c) => [c.charCodeAt(0), 0])]);

/** What is said of a file that a reader fails on. */
async function problemOf(reader: FileReader, path: string): Promise<string> {
  // deno-lint-ignore require-yield
  const fails = async function* () {
    await Promise.resolve();
    throw new RequestError("the line is wrong", { file: path, line: 1 });
  };
  const read = Array.fromAsync(readingAs(reader, path, fails()));
  return await read.then(() => "nothing", (fault: RequestError) => fault.problem);
}

const cases: readonly (readonly [string, FileReader, Uint8Array, RegExp | undefined])[] = [
  ["Parquet", "jsonl", text("PAR1\x15\x04"), /Parquet; read it with parquet/],
  ["Arrow", "jsonl", text("ARROW1\0\0"), /Arrow; /],
  ["a spreadsheet", "tsv", text("PK\x03\x04\x14\0"), /a zip, as spreadsheets/],
  ["UTF-16 with a mark", "jsonl", utf16('{"a": "b"}\n', 0xff, 0xfe), /UTF-16/],
  ["UTF-16 without a mark", "jsonl", utf16('{"a": "b"}\n'), /UTF-16/],
  ["carriage returns", "tsv", text("a\tb\rc\td\r"), /carriage returns/],
  ["a JSON array", "jsonl", text('\n[{"a": 1},\n{"a": 2}]'), /a JSON list; read it with json/],
  ["JSON over several lines", "jsonl", text('{\n  "a": 1\n}\n'), /over several lines; /],
  ["tabs", "jsonl", text("a\tb\nc\td\n"), /tsv\(…\)/],
  ["commas", "jsonl", text('a,b\n"c",d\n'), /the file is CSV; read it with csv/],
  ["semicolons", "tsv", text("a;b\nc;d\n"), /separated by semicolons; /],
  ["compressed commas", "tsv", gzipSync("a,b\n1,2\n"), /the file is CSV; /],
  ["JSON Lines", "json", text('{"a": 1}\n{"a": 2}\n'), /is JSON Lines; /],
  ["tabs", "csv", text("a\tb\nc\td\n"), /tsv\(…\)/],
  ["a JSON list", "parquet", text('[{"a": 1}]'), /json\(…\)/],
  ["JSON Lines", "tsv", text('{"a": 1}\n'), /jsonl\(…\)/],
  ["JSON Lines with a fault", "jsonl", text('{"a": 1}\n{"a": }\n'), undefined],
  ["columns with a fault", "tsv", text("a\tb\nc\n"), undefined],
  ["nothing", "jsonl", text(""), undefined],
];

for (const [name, reader, content, expected] of cases) {
  Deno.test(`what ${reader} cannot read is named for what it is: ${name}`, () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/rows`, content);
      assert.match(await problemOf(reader, `${folder}/rows`), expected ?? /^the line is wrong$/);
    }));
}

Deno.test("a file that cannot be opened is skipped", async () => {
  assert.equal(await problemOf("jsonl", "/absent/rows.jsonl"), "the line is wrong");
});

Deno.test("a readable file gives the rows that its reader yields", async () => {
  const read = async function* () {
    yield await Promise.resolve(1);
  };
  assert.deepEqual(await Array.fromAsync(readingAs("jsonl", "/absent/rows.jsonl", read())), [1]);
});
