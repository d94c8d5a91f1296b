/** Runs that are spread over several workers. @module */
import assert from "node:assert/strict";
import { inScene } from "../../../support/scene.ts";
import { leftBehind } from "../../../support/left_behind.ts";

Deno.test("a training that ends does not close the sessions of one with the same programs on another device", () =>
  inScene({ epochs: 'sweep("epochs", [1, 40])' }, async (scene) => {
    /** What the members leave of a run without an earlier one's store. */
    const run = async (...options: readonly string[]) => {
      const { code, stderr } = await scene.run(...options);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /failed/);
      const left = Object.entries(await leftBehind(scene.path("out"))).filter(([path]) => path.startsWith("members/"));
      for (const folder of ["out", "store"]) await Deno.remove(scene.path(folder), { recursive: true });
      return left;
    };
    const alone = await run();
    assert.ok(alone.length >= 6);
    assert.deepEqual(await run("--devices", "cpu:2x1"), alone);
  }));
