/** Files that hold test rows are known by their digests. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { leakedFiles, leakOf } from "../../../pipelines/tasks/leaked_files.ts";
import { inFolder } from "../models/support.ts";

Deno.test("a file of test rows is recognized by its digest, whatever its name", () =>
  inFolder(async (folder) => {
    const [one, other] = [join(folder, "innocent.json"), join(folder, "math_data.json")];
    await Deno.writeTextFile(one, "[1]");
    await Deno.writeTextFile(other, "[2]");
    // printf '[1]' | sha256sum
    const sha256 = "080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22";
    const known = [{ bytes: 3, sha256, says: "the test set" }];
    assert.deepEqual([await leakOf(one, known), await leakOf(other, known)], ["the test set", undefined]);
    assert.equal(await leakOf(join(folder, "nothing"), known), undefined);
  }));

Deno.test("a file of the same size with other rows is no leak", () =>
  inFolder(async (folder) => {
    const file = join(folder, "math_data.json");
    await Deno.writeFile(file, new Uint8Array(leakedFiles[0]!.bytes));
    assert.equal(await leakOf(file), undefined);
  }));
