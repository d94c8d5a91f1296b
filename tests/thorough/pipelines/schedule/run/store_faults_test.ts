/** Runs whose store fails while they run. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Results } from "../../../../../pipelines/results/results.ts";
import { onFullDisk, onReadOnlyDisk } from "../../../../support/disk.ts";
import { inScene, type Scene } from "../../../../support/scene.ts";
import { lossesOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

/** Two members with separate encodings, since their prompts are split at different positions. */
const twoPlaces = { positions: 'sweep("positions", ["l1", "l2"])' };
/** A model whose encoding is much larger than the training results. */
const largerModel = { config: { hidden_size: 64, intermediate_size: 256, num_hidden_layers: 4, head_dim: 32 } };
/** Evaluations without generation, which encode no prompts of their own. */
const scored = {
  metrics: "[loss()]",
  stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics }) }",
};
const twoRates = {
  ...scored,
  optimizer: 'adamw({ learningRate: sweep("rate", [1e-2, 2e-2]) })',
};

const ofKind = (scene: Scene, kind: string) => scene.entries.filter((path) => path.startsWith(`${kind}/`));
const halfWritten = (scene: Scene) => {
  return [...Deno.readDirSync(scene.path("store"))].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? [...Deno.readDirSync(scene.path("store", name))].flatMap((start) =>
        [...Deno.readDirSync(scene.path("store", name, start.name))].filter((file) => file.name.endsWith(".tmp"))
      )
      : []
  );
};
/** Which of a run's stages came from the store. */
const cachedOf = ({ members }: Results) => members.map(({ stages }) => stages.map(({ cached }) => cached));

Deno.test("a disk that fills up during a run ends it with a one-line error, and the next run continues from there", () =>
  inScene(twoRates, async (scene) => {
    const usual = await resultsOf(scene);
    await Deno.remove(scene.path("store"), { recursive: true });
    // The encoding and the first member's results fit, if it trains alone.
    await resultsOf(scene, "--set", "rate=0.01");
    const done = scene.entries;
    const { code, stdout, stderr } = await onFullDisk(500, () => scene.run());
    assert.deepEqual([code, stdout], [2, ""]);
    const line = stderr.trimEnd().split("\n").at(-1)!;
    assert.match(line, /^error: .*store\/.*: can't be written \(the disk is full\); free .* or choose another folder$/);
    assert.deepEqual([scene.entries, halfWritten(scene)], [done, []]);
    const results = await resultsOf(scene);
    assert.deepEqual(cachedOf(results), [[true, true], [false, false]]);
    assert.deepEqual(lossesOf(results), lossesOf(usual));
  }));

Deno.test("a disk too full for stored activations suggests storing less, and with less the run succeeds", () =>
  inScene({}, async (scene) => {
    const { code, stderr } = await onFullDisk(2000, () => scene.run());
    assert.equal(code, 2);
    assert.match(stderr, /free \d\S* .?B, keep less with --cache-memory or choose another folder\n$/);
    assert.deepEqual(scene.entries, []);
    const less = await onFullDisk(2000, () => scene.run("--cache-memory", "0"));
    assert.equal(less.code, 0, less.stderr);
  }));

Deno.test("a full disk evicts old activations before the run fails", () =>
  inScene(scored, async (scene) => {
    await resultsOf(scene);
    const [old] = ofKind(scene, "encode");
    await scene.write("rows.jsonl", `{"q":"What is in it","a":"a key"}\n{"q":"Who is it","a":"Ann"}\n`);
    const { code, stderr } = await onFullDisk(1000, () => scene.run());
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^note: the store evicted \d entr.*, to make room; --cache-disk sets its limit$/m);
    assert.ok(!scene.entries.includes(old!));
  }));

Deno.test("a run within a small store evicts activations that every training has used, and keeps results", () =>
  inScene({ ...scored, ...twoPlaces, at: "block(0).output" }, async (scene) => {
    const usual = await resultsOf(scene);
    const sizes = ofKind(scene, "encode").map((path) => Deno.statSync(scene.path("store", path)).size);
    assert.equal(sizes.length, 2);
    await Deno.remove(scene.path("store"), { recursive: true });
    // Each fits, both together do not.
    const small = ["--cache-disk", String(Math.max(...sizes) + 20_000)];
    assert.ok(Math.min(...sizes) > 20_000, String(sizes));
    const results = await resultsOf(scene, ...small);
    assert.deepEqual(lossesOf(results), lossesOf(usual));
    assert.deepEqual(["encode", "train", "predictions"].map((kind) => ofKind(scene, kind).length), [1, 2, 2]);
    assert.ok(cachedOf(await resultsOf(scene, ...small)).flat().every((cached) => cached));
  }, largerModel));

Deno.test("damaged entries are dropped, reported and recomputed", () =>
  inScene(scored, async (scene) => {
    const first = await resultsOf(scene);
    for (const path of scene.entries) {
      const file = scene.path("store", path), bytes = await Deno.readFile(file);
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(file, bytes);
    }
    const entries = scene.entries;
    const { code, stdout, stderr } = await scene.run("--json");
    assert.equal(code, 0, stderr);
    const notes = stderr.split("\n").filter((line) => line.startsWith("note: "));
    assert.equal(notes.length, entries.length);
    for (const note of notes) assert.match(note, /does not match; it is dropped and will be recomputed$/);
    const results: Results = JSON.parse(stdout);
    assert.deepEqual([cachedOf(results), lossesOf(results)], [[[false, false]], lossesOf(first)]);
    assert.deepEqual(scene.entries, entries);
    assert.ok(cachedOf(await resultsOf(scene)).flat().every((cached) => cached));
  }));

Deno.test("a read-only store serves its entries, and refuses the rest in one line", () =>
  inScene(twoRates, async (scene) => {
    await resultsOf(scene, "--set", "rate=0.01");
    await onReadOnlyDisk(scene.path("store"), async () => {
      const known = await resultsOf(scene, "--set", "rate=0.01");
      assert.deepEqual(cachedOf(known), [[true, true]]);
      const { code, stdout, stderr } = await scene.run("--set", "rate=0.02");
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        new RegExp(
          `error: ${join(scene.path("store"), "train")}.*: can't be written \\(Read-only file system\\); ` +
            "make its folder writable or choose another folder\n$",
        ),
      );
    });
  }));
