/** Folders are written completely, or not at all. @module */
import assert from "node:assert/strict";
import { writeFolder } from "../../../../pipelines/cli/requests/output_folder.ts";
import { treeOf } from "../../../support/command.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const writeTwo = async (folder: string) => {
  await Deno.writeTextFile(`${folder}/a`, "new");
  await Deno.writeTextFile(`${folder}/b`, "new");
};

Deno.test("a folder is made, or gets new files beside its own", () =>
  inFolder(async (root) => {
    await writeFolder(`${root}/below/made`, writeTwo);
    await Deno.writeTextFile(`${root}/below/made/c`, "own");
    await writeFolder(`${root}/below/made`, writeTwo);
    assert.deepEqual(treeOf(root), ["below/", "below/made/", "below/made/a", "below/made/b", "below/made/c"]);
  }));

Deno.test("a writer that fails leaves what was there", () =>
  inFolder(async (root) => {
    await Deno.mkdir(`${root}/there`);
    await Deno.writeTextFile(`${root}/there/a`, "own");
    for (const path of [`${root}/there`, `${root}/absent`]) {
      const fails = async (folder: string) => {
        await writeTwo(folder);
        throw new Error("boom");
      };
      await assert.rejects(writeFolder(path, fails), /boom/);
    }
    assert.deepEqual(treeOf(root), ["there/", "there/a"]);
    assert.equal(await Deno.readTextFile(`${root}/there/a`), "own");
  }));

Deno.test("a file in the folder's place is refused", () =>
  inFolder(async (root) => {
    await Deno.writeTextFile(`${root}/file`, "own");
    await assert.rejects(writeFolder(`${root}/file`, writeTwo), (error) =>
      assertOneLine(error, /file: is a file; give --out a folder$/));
  }));
