/** A run's folder has one writer. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { RunFolder } from "../../../pipelines/report/run_folder.ts";
import { assertOneLine, inFolder } from "../models/support.ts";

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
