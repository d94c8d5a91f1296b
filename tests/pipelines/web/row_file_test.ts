/** Files that visitors drop on a page, read as what they are rather than as what they are called. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { streamRows } from "../../../pipelines/data/rows.ts";
import { fieldsIn, rowsIn } from "../../../pipelines/web/site/row_file.ts";
import { inFolder } from "../models/support.ts";

const readable: readonly (readonly [what: string, name: string, content: string])[] = [
  ["JSON Lines", "a.jsonl", '{"id":7,"question":"who","answer":"me"}\n{"id":8,"question":"what","answer":"it"}'],
  [
    "a list called JSON Lines",
    "a.jsonl",
    '[{"id":7,"question":"who","answer":"me"},{"question":"what","answer":"it"}]',
  ],
  ["JSON Lines called JSON", "a.JSON", '{"question":"who","answer":"me"}\r\n{"question":"what","answer":"it"}\n'],
  [
    "a list within an object",
    "a.json",
    '{"rows": [\n {"question":"who","answer":"me"},{"question":"what","answer":"it"}]}',
  ],
  ["CSV with a byte order mark", "a.csv", '\ufeffid,question,answer\r\n7,who,me\r\n8,"what",it\r\n'],
  ["semicolons", "a.csv", "\ufeffquestion;answer\r\nwho;me\r\nwhat;it\r\n"],
  ["tabs called CSV", "a.csv", "question\tanswer\nwho\tme\nwhat\tit\n"],
  ["commas called TSV", "a.tsv", "question,answer\nwho,me\nwhat,it\n"],
  ["a comma within a name", "a.csv", '"id; or, name",question,answer\n7,who,me\n8,what,it\n'],
];

for (const [what, name, content] of readable) {
  Deno.test(`a page reads ${what}`, () =>
    inFolder(async (folder) => {
      const file = join(folder, name);
      await Deno.writeTextFile(file, content);
      assert.deepEqual(await fieldsIn(file), { asked: "question", taught: "answer" });
      const rows = await rowsIn(file, { prompt: "{question}", completion: "{answer}" });
      const read = await Array.fromAsync(streamRows(rows, { base: "/" }));
      assert.deepEqual(read.map(({ prompt, completion }) => [prompt, completion]), [["who", "me"], ["what", "it"]]);
    }));
}

const unreadable: readonly (readonly [what: string, name: string, content: string, problem: RegExp])[] = [
  ["an empty file", "a.csv", "", /a\.csv: the file has no rows/],
  ["one column", "a.csv", "question\nwho\n", /a\.csv:1: has rows with fewer than two fields of text \(question\)/],
  ["a conversation", "a.jsonl", '{"messages":[{"role":"user","content":"hi"}]}', /fewer than two fields of text;/],
  ["a document", "a.txt", "who,me", /^a\.txt is not a file of rows; drop one in JSONL, CSV, TSV or JSON$/],
  ["half a line", "a.jsonl", '{"question":"who"', /a\.jsonl:1/],
];

for (const [what, name, content, problem] of unreadable) {
  Deno.test(`a page refuses ${what} in one line`, () =>
    inFolder(async (folder) => {
      const file = join(folder, name);
      await Deno.writeTextFile(file, content);
      await assert.rejects(fieldsIn(file), (fault) => fault instanceof RequestError && problem.test(fault.message));
    }));
}

Deno.test("a page says that the browser no longer has a file", () =>
  inFolder((folder) =>
    assert.rejects(fieldsIn(join(folder, "a.csv")), /: the browser no longer has a\.csv; choose the file again$/)
  ));
