/** The models that come with Refract. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { builtins } from "../../../../pipelines/models/open/builtin.ts";

const folders = new URL("../../../../pipelines/models/builtin/", import.meta.url);

Deno.test("the digests of builtin models match their files and list all of them", () => {
  const found = Object.fromEntries(
    [...Deno.readDirSync(folders)].filter(({ isDirectory }) => isDirectory).map(({ name }) => {
      const folder = new URL(`${name}/`, folders);
      const digests = [...Deno.readDirSync(folder)].map(({ name: file }) => [
        file,
        createHash("sha256").update(Deno.readFileSync(new URL(file, folder))).digest("hex"),
      ]);
      return [name, Object.fromEntries(digests)];
    }),
  );
  assert.deepEqual(builtins, found);
});
