/** A file of a run with a flipped bit is refused by its name, whatever opens it. @module */
import assert from "node:assert/strict";
import { open } from "../../../mod.ts";
import { inProcess } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";

const predictions = ["members", "main", "tuned", "predictions.jsonl"] as const;

/** Flips a bit at several places in a file, one at a time, and restores the file. */
async function flipped(file: string, count: number, act: (at: number) => Promise<void>): Promise<void> {
  const sound = await Deno.readFile(file);
  for (let index = 0; index < count; index++) {
    const at = Math.floor(sound.length * (index + 0.5) / count), bytes = sound.slice();
    bytes[at]! ^= 1 << index % 7;
    await Deno.writeFile(file, bytes);
    await act(at);
  }
  await Deno.writeFile(file, sound);
}

async function refused(file: string, at: number, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await inProcess(...args);
  assert.deepEqual([code, stdout], [2, ""], `${file}, ${at}: ${stderr}`);
  assert.ok(stderr.startsWith(`error: ${file}:`) && stderr.trimEnd().split("\n").length === 1, `${at}: ${stderr}`);
}

const afterRun = (test: (scene: Scene) => Promise<void>) =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    await test(scene);
  });

Deno.test("a report names the file of a run in which a bit has flipped", () =>
  afterRun(async (scene) => {
    for (const path of [["results.json"], predictions, ["manifest.yaml"], ["pipeline.ts"]]) {
      const file = scene.path("out", ...path);
      await flipped(file, 12, (at) => refused(file, at, "report", scene.path("out")));
    }
    assert.equal((await inProcess("report", scene.path("out"))).code, 0);
  }));

Deno.test("open, export, repeating a run and score name the file in which a bit has flipped", () =>
  afterRun(async (scene) => {
    const out = scene.path("out"), results = scene.path("out", "results.json");
    const manifest = scene.path("out", "manifest.yaml"), answers = scene.path("out", ...predictions);
    await flipped(results, 3, () => assert.rejects(open(out), { name: "RequestError" }));
    const run = await open(out);
    await flipped(answers, 3, () => assert.rejects(run.member("main").predictions(), { name: "RequestError" }));
    assert.ok((await run.member("main").predictions()).length > 0);
    await flipped(manifest, 3, async (at) => {
      await refused(manifest, at, "export", out, "--to", "onnx", "--out", scene.path("exported"));
      await refused(manifest, at, "run", manifest, "--out", scene.path("again"));
    });
    const score = ["score", "boolq", "--scoring", "pyreft", answers];
    await flipped(answers, 3, (at) => refused(answers, at, ...score));
    assert.match((await inProcess(...score)).stderr, /has no field "generation"/);
  }));

Deno.test("a run of an earlier version, without digests, is still opened", () =>
  afterRun(async (scene) => {
    const results = scene.path("out", "results.json"), manifest = scene.path("out", "manifest.yaml");
    const { digest, files, ...found } = JSON.parse(await Deno.readTextFile(results));
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.ok(Object.keys(files).includes(predictions.join("/")) && Object.keys(files).includes("manifest.yaml"));
    await Deno.writeTextFile(results, JSON.stringify(found));
    const text = await Deno.readTextFile(manifest);
    await Deno.writeTextFile(manifest, text.replace(/^# digest: .*\n/m, ""));
    const { code, stderr } = await inProcess("report", scene.path("out"));
    assert.equal(code, 0, stderr);
    assert.deepEqual((await open(scene.path("out"))).results, found);
  }));
