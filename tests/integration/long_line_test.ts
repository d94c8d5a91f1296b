/** Lines longer than the longest possible string. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadRows } from "../../pipelines/data/rows.ts";
import { assertOneLine, inFolder } from "../pipelines/models/support.ts";

Deno.test("a line of more than 512 MB is refused before it is read completely", () =>
  inFolder(async (folder) => {
    const path = join(folder, "rows.jsonl"), template = { prompt: "{q}", completion: "{a}" };
    {
      using file = await Deno.open(path, { write: true, create: true });
      await file.write(new TextEncoder().encode('{"q": "a", "a": "b"}\n{"q": "'));
      await file.truncate(2 ** 40);
    }
    await assert.rejects(
      loadRows({ kind: "jsonl", path, template }, folder),
      (error) => assertOneLine(error, /rows\.jsonl:2: the line is longer than 512 MB; end each row with a newline$/),
    );
  }));
