/** Folders are written completely, or not at all. @module */
import assert from "node:assert/strict";
import { removeLeavings } from "../../../../pipelines/common/leavings.ts";
import { writeFolder, writeNewFolder } from "../../../../pipelines/cli/requests/output_folder.ts";
import { treeOf } from "../../../support/command.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const writeTwo = async (folder: string) => {
  await Deno.writeTextFile(`${folder}/a`, "new");
  await Deno.writeTextFile(`${folder}/b`, "new");
};

Deno.test("a folder is created, or gets new files next to its own", () =>
  inFolder(async (root) => {
    await writeFolder(`${root}/below/made`, writeTwo);
    await Deno.writeTextFile(`${root}/below/made/c`, "own");
    await writeFolder(`${root}/below/made`, writeTwo, (name) => name === "a");
    assert.deepEqual(treeOf(root), ["below/", "below/made/", "below/made/a", "below/made/b", "below/made/c"]);
  }));

Deno.test("files that an earlier output did not write are never overwritten", () =>
  inFolder(async (root) => {
    await Deno.writeTextFile(`${root}/b`, "own");
    await assert.rejects(writeFolder(root, writeTwo, (name) => name === "a"), (error) =>
      assertOneLine(error, /b: would be overwritten, but is not from an earlier output; give --out another folder$/));
    assert.deepEqual(treeOf(root), ["b"]);
    assert.equal(await Deno.readTextFile(`${root}/b`), "own");
  }));

Deno.test("a writer that fails leaves the folder unchanged", () =>
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

Deno.test("a file at the folder's path is refused", () =>
  inFolder(async (root) => {
    await Deno.writeTextFile(`${root}/file`, "own");
    await assert.rejects(writeFolder(`${root}/file`, writeTwo), (error) =>
      assertOneLine(error, /file: is a file; give --out a folder$/));
  }));

const uuid = "00000000-0000-4000-8000-000000000000";
/** Leaves a partial folder, like a process that was killed. */
async function leave(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/a`, "half");
  return folder;
}

Deno.test("partial folders of a dead process in or next to a folder are removed, and those of a live one stay", () =>
  inFolder(async (root) => {
    const beside = await leave(`${root}/.there.${uuid}.tmp`), others = await leave(`${root}/.other.${uuid}.tmp`);
    const inside = await leave(`${root}/there/.there.${uuid}.tmp`);
    const living = await leave(`${root}/there/.there.${uuid.replace("8", "9")}.tmp`);
    using lock = await Deno.open(living, { read: true });
    await lock.lock(true);
    await writeFolder(`${root}/there`, writeTwo);
    const found = treeOf(root).filter((path) => path.endsWith(".tmp/")).map((path) => `${root}/${path.slice(0, -1)}`);
    assert.deepEqual(found.sort(), [others, living].sort(), `${beside} and ${inside} are gone`);
  }));

Deno.test("another process does not remove a folder that is being written", () =>
  inFolder(async (root) => {
    await Deno.mkdir(`${root}/there`);
    await writeFolder(`${root}/there`, async (folder) => {
      removeLeavings(`${root}/there`);
      await writeTwo(folder);
    });
    assert.deepEqual(treeOf(root), ["there/", "there/a", "there/b"]);
  }));

Deno.test("an empty folder that a killed process has filled in part counts as empty for the next process", () =>
  inFolder(async (root) => {
    const { rename } = Deno, folder = `${root}/there`;
    let count = 0;
    await Deno.mkdir(folder);
    const write = async (into: string) => {
      await writeTwo(into);
      await Deno.mkdir(`${into}/c`);
    };
    const { remove } = Deno;
    Deno.rename = (from, to) => {
      if (count++ >= 2) throw new Error("dies");
      return rename(from, to);
    };
    Deno.remove = () => Promise.resolve();
    try {
      await assert.rejects(writeNewFolder(folder, write));
    } finally {
      Object.assign(Deno, { rename, remove });
    }
    assert.equal(treeOf(folder).filter((path) => !path.startsWith(".")).length, 2);
    await writeNewFolder(folder, write);
    assert.deepEqual(treeOf(folder), ["a", "b", "c/"]);
  }));
