/** The forms of files that a reader of rows recognizes and refuses. @module */
import assert from "node:assert/strict";
import { jsonl } from "../../../../pipelines/data/files/jsonl.ts";
import { inFolder } from "../../models/support.ts";

const bytes = (...start: readonly number[]) => new Uint8Array([...start, ...new TextEncoder().encode("rest")]);

const forms: Readonly<Record<string, readonly [content: string | Uint8Array, says: string]>> = {
  "bzip2": ["BZh91AY&SY", "the file is compressed by bzip2; unpack it, as in bunzip2 FILE, or use gzip"],
  "xz": [
    bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0),
    "the file is compressed by xz; unpack it, as in unxz FILE, or use gzip",
  ],
  "lz4": [
    bytes(0x04, 0x22, 0x4d, 0x18),
    "the file is compressed by lz4; unpack it, as in unlz4 FILE, or use gzip",
  ],
  "7z": [
    bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
    "the file is compressed by 7z; unpack it, as in 7z x FILE, or use gzip",
  ],
  "PDF": ["%PDF-1.7\n", "the file is a PDF; write its rows as JSON Lines"],
  "SQLite": ["SQLite format 3\0x", "the file is an SQLite database; export a table as CSV"],
  "numpy": [
    bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0),
    "the file is a numpy array; write its rows as JSON Lines, as by json.dumps",
  ],
  "pickle": [bytes(0x80, 4, 0x95), "the file is a Python pickle; write its rows as JSON Lines, as by json.dumps"],
  "a Git LFS pointer": [
    "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n",
    "the file is a pointer of Git LFS and not its content; get that by git lfs pull",
  ],
  "a web page": [
    "\n<!DOCTYPE html><html>\n<p>Not found, sorry</p>",
    "the file is a web page; download the data itself, as by the page's link to the raw file",
  ],
  "Python's dicts": [
    "{'q': 'He is', 'a': None}\n",
    "the file holds Python's form of dicts, with single quotes; write JSON, as json.dumps does",
  ],
  "a list of Python's dicts": [
    "[{'q': 'He is', 'a': 1}]\n",
    "the file holds Python's form of dicts, with single quotes; write JSON, as json.dumps does",
  ],
};

for (const [name, [content, says]] of Object.entries(forms)) {
  Deno.test(`jsonl: recognizes the form of a file: ${name}`, () =>
    inFolder(async (base) => {
      const written = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${base}/rows.jsonl`, written);
      await assert.rejects(
        Array.fromAsync(jsonl.records({ kind: "jsonl", path: "rows.jsonl" }, { base })),
        { name: "RequestError", problem: says },
      );
    }));
}
