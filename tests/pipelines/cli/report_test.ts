/** Reports of run folders that someone else has written. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { serveReport } from "../../../pipelines/cli/commands/watch_command.ts";
import { inProcess, type Outcome, treeOf } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";

/** The parts of a run's results that the tests change. */
type Results = { members: { id: string; stages: { kind: string; predictions?: string }[] }[] };

async function change(scene: Scene, edit: (results: Results) => void): Promise<void> {
  const path = scene.path("out", "results.json");
  // Without digests, as an attacker would leave it.
  const { digest: _digest, files: _files, ...results } = JSON.parse(await Deno.readTextFile(path));
  edit(results);
  await Deno.writeTextFile(path, JSON.stringify(results));
}

const report = (scene: Scene): Promise<Outcome> => inProcess("report", scene.path("out"));

/** Malicious changes to a run's folder. */
const hostile: Readonly<Record<string, (scene: Scene) => Promise<string | void>>> = {
  "a member whose id leads out": (scene) => change(scene, ({ members }) => members[0]!.id = "../../x"),
  "a member whose id leads in and then out": (scene) => change(scene, ({ members }) => members[0]!.id = "a/../../../x"),
  "a member whose id is absolute": (scene) => change(scene, ({ members }) => members[0]!.id = scene.path("x")),
  "a member whose id has backslashes": (scene) => change(scene, ({ members }) => members[0]!.id = "..\\..\\x"),
  "predictions outside the folder": (scene) =>
    change(
      scene,
      ({ members }) => members[0]!.stages.find(({ kind }) => kind === "evaluate")!.predictions = "../rows.jsonl",
    ),
  "predictions that are a link": async (scene) => {
    const path = scene.path("out", "members", "main", "tuned", "predictions.jsonl");
    await Deno.remove(path);
    await Deno.symlink(scene.path("rows.jsonl"), path);
  },
  "a manifest that is a link": async (scene) => {
    await Deno.remove(scene.path("out", "manifest.yaml"));
    await Deno.symlink(scene.path("rows.jsonl"), scene.path("out", "manifest.yaml"));
  },
  "a folder of events that is a link": async (scene) => {
    await Deno.mkdir(scene.path("elsewhere"));
    await Deno.remove(scene.path("out", "tensorboard"), { recursive: true });
    await Deno.symlink(scene.path("elsewhere"), scene.path("out", "tensorboard"));
  },
  "a folder of events that is a link to nothing": async (scene) => {
    await Deno.remove(scene.path("out", "tensorboard"), { recursive: true });
    await Deno.symlink("../elsewhere", scene.path("out", "tensorboard"));
  },
};

for (const [name, harm] of Object.entries(hostile)) {
  Deno.test(`a report refuses ${name}, and writes nothing outside`, () =>
    inScene({}, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      await harm(scene);
      const outside = () => treeOf(scene.folder).filter((path) => !path.startsWith("out/"));
      const before = outside(), { code, stdout, stderr } = await report(scene);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, /^error: .*: names ".*", which leads out of .*\/out; trust nothing of it\n$/);
      assert.deepEqual(outside(), before);
    }));
}

Deno.test("a report refuses invalid results and predictions in one line", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const file = scene.path("out", "results.json"), sound = await Deno.readTextFile(file);
    for (
      const edit of [
        (results: Results) => Object.assign(results.members[0]!, { id: 7 }),
        (results: Results) => Object.assign(results.members[0]!, { stages: null }),
        (results: Results) => Object.assign(results.members[0]!.stages[0]!, { kind: "toString" }),
        (results: Results) => Object.assign(results, { members: [null] }),
      ]
    ) {
      await Deno.writeTextFile(file, sound);
      await change(scene, edit);
      const { code, stderr } = await report(scene);
      assert.deepEqual([code, stderr], [2, `error: ${file}: has no results of a run; run the pipeline again\n`]);
    }
    await Deno.writeTextFile(file, sound);
    await change(scene, () => {});
    const predictions = scene.path("out", "members", "main", "tuned", "predictions.jsonl");
    const lines = (await Deno.readTextFile(predictions)).split("\n");
    for (const line of ["{", "null", "7", '{"prompt": 1}', "\0\0\0\0"]) {
      await Deno.writeTextFile(predictions, [lines[0], line].join("\n"));
      const { code, stderr } = await report(scene);
      assert.deepEqual([code, stderr], [2, `error: ${predictions}:2: is not a prediction; run the pipeline again\n`]);
    }
  }));

Deno.test("a push uploads only files of the intervention's folder", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const folder = scene.path("out", "members", "main", "intervention");
    await Deno.writeTextFile(join(folder, "README.md"), "# Mine");
    for (const name of ["README.md", "weights.safetensors", "intervention.json"]) {
      const path = join(folder, name), content = await Deno.readFile(path), inside = join(folder, "moved");
      await Deno.writeFile(inside, content);
      for (const target of [scene.path("rows.jsonl"), inside]) {
        await Deno.remove(path);
        await Deno.symlink(target, path);
        const { code, stderr } = await inProcess("push", folder, "someone/tuned");
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`^error: .*/${name}: is a symbolic link, .*; replace it with a copy\n$`));
      }
      await Deno.remove(path);
      await Deno.rename(inside, path);
    }
  }));

Deno.test("watch shows no files outside a run's folder that its links lead to", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const path = scene.path("out", "members", "main", "tuned", "predictions.jsonl");
    await Deno.remove(path);
    const prediction = JSON.stringify({ prompt: "secret", completion: "secret", prediction: "secret" });
    await Deno.writeTextFile(join(scene.folder, "secret.jsonl"), prediction);
    await Deno.symlink(join(scene.folder, "secret.jsonl"), path);
    const stop = new AbortController();
    const url = Promise.withResolvers<string>();
    const served = serveReport(
      scene.path("out"),
      0,
      { print: (text) => url.resolve(text.split(" ")[0]!) },
      stop.signal,
    );
    const response = await fetch(await url.promise);
    assert.equal(response.status, 500);
    assert.match(
      await response.text(),
      /results\.json: names "members\/main\/tuned\/predictions\.jsonl", which leads out of/,
    );
    stop.abort();
    await served;
  }));

Deno.test("watch says that a run folder does not exist yet", () =>
  inScene({}, async (scene) => {
    const stop = new AbortController(), printed = Promise.withResolvers<string>();
    const served = serveReport(scene.path("later"), 0, { print: printed.resolve }, stop.signal);
    assert.match(
      await printed.promise,
      /^http:\/\/127\.0\.0\.1:\d+\/\?token=\w+ shows .*later once a run writes there, for it does not exist yet; Ctrl-C/,
    );
    stop.abort();
    await served;
  }));
