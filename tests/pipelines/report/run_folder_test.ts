/** A run's folder has one writer. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { RunFolder } from "../../../pipelines/report/run_folder.ts";
import { assertOneLine, inFolder } from "../models/support.ts";

Deno.test("files in a folder that is not a run's are kept, and a run's own folder may be written again", () =>
  inFolder(async (path) => {
    const file = join(path, "pipeline.ts"),
      prepared = async () => {
        using folder = new RunFolder(path);
        await folder.prepare();
      };
    await Deno.writeTextFile(join(path, "notes.txt"), "");
    await prepared();
    await Deno.writeTextFile(file, "mine");
    await assert.rejects(prepared(), (error) => {
      return assertOneLine(
        error,
        /is not a run folder and has a pipeline\.ts, which a run would replace; give --out a/,
      );
    });
    assert.equal(await Deno.readTextFile(file), "mine");
    for (const mark of ["results.json", "manifest.yaml", "live.json"]) {
      await Deno.writeTextFile(join(path, mark), "");
      await prepared();
      await Deno.remove(join(path, mark));
    }
  }));

Deno.test("a second run into one folder is refused until the first has ended", () =>
  inFolder(async (base) => {
    const path = join(base, "out"), second = new RunFolder(path);
    {
      using first = new RunFolder(path);
      await first.prepare();
      await assert.rejects(
        second.prepare(),
        (error) =>
          assertOneLine(error, /\/out: another run is writing to it; wait until it ends or give --out another/),
      );
      assert.deepEqual([...Deno.readDirSync(path)], []);
    }
    await second.prepare();
    second[Symbol.dispose]();
  }));
