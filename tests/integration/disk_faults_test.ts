/** Runs that are killed at any moment, and the next run with the remaining files. @module */
import assert from "node:assert/strict";
import { everyStep, inProcessUnder, type Outcome } from "../support/command.ts";
import { dyingAt, refusing } from "../support/dying.ts";
import { leftBehind } from "../support/left_behind.ts";
import { preferring } from "../support/preferring.ts";
import { inScene, type PipelineParts, type Scene } from "../support/scene.ts";

/** Two members side by side whose steps run in parts, with dropout; answers and scores in two batches each. */
const parts: Partial<PipelineParts> = {
  rank: 'sweep("rank", [1, 2])',
  editSettings: "dropout: 0.1",
  data: "rows.take(4)",
  epochs: "2",
  batchSize: "2",
  trainSettings: "gradientAccumulation: 2",
  metrics: "[exactMatch(), loss()]",
  heldOut: "rows.take(3)",
  stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 2 }) }",
};

/** Runs a scene into `<place>/out`, with a checkpoint after every step. */
function run(scene: Scene, place: string, store = place): Promise<Outcome> {
  const places = ["--store", scene.path(store, "store"), "--out", scene.path(place, "out"), "--threads", "1"];
  return inProcessUnder({ checkpointInterval: everyStep }, "run", scene.pipeline, ...places);
}

async function bytesOf(scene: Scene, place: string, store = place): Promise<Readonly<Record<string, string>>> {
  const { code, stderr } = await run(scene, place, store);
  assert.equal(code, 0, stderr);
  const kept = scene.filesOf(`${store}/store`).filter((path) => /^(checkpoint|part)\/.*\.safetensors$/.test(path));
  assert.deepEqual(kept, [], "checkpoints and parts are removed at the end");
  return await leftBehind(scene.path(place, "out"));
}

Deno.test("a run that is killed at any change of the disk is resumed and writes the same bytes", () =>
  inScene(parts, async (scene) => {
    const expected = await bytesOf(scene, "whole");
    let moment = 1;
    for (;; moment++) {
      const place = `dies ${moment}`;
      const { died } = await dyingAt(moment, () => run(scene, place));
      if (!died) break;
      assert.deepEqual(await bytesOf(scene, place), expected, `after a death at change ${moment}`);
    }
    // Each member has two checkpoints, its result, two parts of its answers and scores, and all of them.
    assert.ok(moment > 20, `${moment - 1} deaths`);
  }));

for (const [what, scene] of [["run", parts], ["training on preferences", preferring("dpo({ beta: 0.5 })")]] as const) {
  Deno.test(`a ${what} that is killed repeatedly writes the same bytes`, () =>
    inScene(scene, async (scene) => {
      const expected = await bytesOf(scene, "whole");
      let deaths = 0;
      while ((await dyingAt(24, () => run(scene, "dies"))).died) assert.ok(++deaths < 20);
      assert.ok(deaths > 0, "it never died");
      assert.deepEqual(await bytesOf(scene, "dies"), expected);
    }));
}

Deno.test("two runs on one store at once write the same bytes", () =>
  inScene(parts, async (scene) => {
    const expected = await bytesOf(scene, "whole");
    const both = await Promise.all(["one", "other"].map((place) => run(scene, place, "shared")));
    assert.deepEqual(both.map(({ code }) => code), [0, 0], both.map(({ stderr }) => stderr).join());
    for (const place of ["one", "other"]) assert.deepEqual(await leftBehind(scene.path(place, "out")), expected);
  }));

Deno.test("a checkpoint that can't be written leads to a note, and the training continues", () =>
  inScene(parts, async (scene) => {
    const expected = await bytesOf(scene, "whole");
    const { code, stderr } = await refusing("checkpoint", () => run(scene, "full"));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /note: .*can't be written .*\(the training continues without checkpoints\)\n/);
    assert.deepEqual(await leftBehind(scene.path("full", "out")), expected);
  }));
