/** Tables from a spreadsheet, pasted into a page's table of rows. @module */
import assert from "node:assert/strict";
import { pastedRows } from "../../../pipelines/web/page/pasted.ts";

Deno.test("pastedRows() splits what spreadsheets copy", () => {
  assert.deepEqual(pastedRows("who\tme\r\nwhat\tit\r\n"), [["who", "me"], ["what", "it"]]);
  assert.deepEqual(pastedRows("who\t\n\t\n\tit"), [["who", ""], ["", "it"]]);
  assert.deepEqual(pastedRows('"two\nlines"\t"say ""hi"""\n"hi" she\t😀'), [["two\nlines", 'say "hi"'], [
    '"hi" she',
    "😀",
  ]]);
});

Deno.test("pastedRows() leaves text without columns as it is", () => {
  assert.equal(pastedRows("two\nlines"), undefined);
});
