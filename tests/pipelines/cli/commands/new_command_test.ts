/** New projects with another base model. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess } from "../../../support/command.ts";
import { inFolder } from "../../models/support.ts";

const refused: readonly (readonly [base: string, says: RegExp])[] = [
  ["builtin:tny", /no builtin model is called "tny"; give one of builtin:tiny$/],
  ["", /--base/],
  ["nowhere", /the model "nowhere" .*\(or builtin:NAME, or an id of Hugging Face, owner\/name\)$/],
  ["a/b/c", /the model "a\/b\/c" /],
  ["./nowhere", /the model ".\/nowhere" /],
  ["nowhere.gguf", /the model "nowhere.gguf" /],
];

for (const [base, says] of refused) {
  Deno.test(`new --base "${base}" is refused before anything is written`, () =>
    inFolder(async (folder) => {
      const { code, stderr } = await inProcess("new", join(folder, "mine"), "--base", base);
      assert.equal(code, 2, stderr);
      assert.match(stderr.trimEnd(), says);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    }));
}

Deno.test("new --base takes a model that exists, and one that only the hub knows", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "model"));
    for (const [name, base] of [["a", "builtin:tiny"], ["b", join(folder, "model")], ["c", "owner/name"]] as const) {
      const { code, stderr } = await inProcess("new", join(folder, name), "--base", base);
      assert.equal(code, 0, stderr);
      assert.ok((await Deno.readTextFile(join(folder, name, "pipeline.ts"))).includes(JSON.stringify(base)));
    }
  }));
