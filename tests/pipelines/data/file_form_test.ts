import assert from "node:assert/strict";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { readingAs } from "../../../pipelines/data/file_form.ts";
import { inFolder } from "../models/support.ts";

const text = (content: string) => new TextEncoder().encode(content);
const utf16 = (content: string, ...mark: number[]) =>
  Uint8Array.from([...mark, ...Array.from(content).flatMap((c) => [c.charCodeAt(0), 0])]);

type LineReader = Parameters<typeof readingAs>[0];

/** What is said of a file that a reader fails on. */
async function problemOf(reader: LineReader, path: string): Promise<string> {
  const fails = () => Promise.reject(new RequestError("the line is wrong", { file: path, line: 1 }));
  return await readingAs(reader, path, fails).then(() => "nothing", (fault: RequestError) => fault.problem);
}

const cases: readonly (readonly [string, LineReader, Uint8Array, RegExp | undefined])[] = [
  ["gzip", "jsonl", Uint8Array.of(0x1f, 0x8b, 8, 0), /^the file is compressed by gzip; /],
  ["zstd", "jsonl", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0), /zstd; /],
  ["Parquet", "jsonl", text("PAR1\x15\x04"), /Parquet; /],
  ["Arrow", "jsonl", text("ARROW1\0\0"), /Arrow; /],
  ["a spreadsheet", "tsv", text("PK\x03\x04\x14\0"), /a zip, as spreadsheets/],
  ["UTF-16 with a mark", "jsonl", utf16('{"a": "b"}\n', 0xff, 0xfe), /UTF-16/],
  ["UTF-16 without a mark", "jsonl", utf16('{"a": "b"}\n'), /UTF-16/],
  ["carriage returns", "tsv", text("a\tb\rc\td\r"), /carriage returns/],
  ["a JSON array", "jsonl", text('\n[{"a": 1},\n{"a": 2}]'), /a JSON array; /],
  ["JSON over several lines", "jsonl", text('{\n  "a": 1\n}\n'), /over several lines; /],
  ["tabs", "jsonl", text("a\tb\nc\td\n"), /tsv\(…\)/],
  ["commas", "jsonl", text('a,b\n"c",d\n'), /the file is CSV; /],
  ["semicolons", "tsv", text("a;b\nc;d\n"), /the file is CSV; /],
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

Deno.test("a file that cannot be opened is not looked at", async () => {
  assert.equal(await problemOf("jsonl", "/absent/rows.jsonl"), "the line is wrong");
});

Deno.test("what a reader can read is what it reads", async () => {
  assert.deepEqual(await readingAs("jsonl", "/absent/rows.jsonl", () => Promise.resolve([1])), [1]);
});
