/** A run's manifest is a recipe: it repeats the run bit for bit, or reports what has changed. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess, inProcessWith } from "../../support/command.ts";
import { inScene, type PipelineParts, type Scene, sceneRows } from "../../support/scene.ts";
import { writeTinyModel, writeTinyWeights } from "../../support/tiny_model.ts";

const parts: Partial<PipelineParts> = {
  imports: `import * as refract from "refract"; import { length } from "./length.ts";`,
  at: "block(1).output; const given = refract.settings({ epochs: { default: 2, whole: true }, rate: 1e-2 })",
  rank: 'sweep("rank", [1, 2])',
  epochs: "given.epochs",
  optimizer: "adamw({ learningRate: given.rate })",
  decoding: "greedy({ maxNewTokens: length })",
};

/** Runs a test after a run with `--set` of a pipeline that imports a file. */
function afterRun(test: (scene: Scene) => Promise<void>): Promise<void> {
  return inScene(parts, async (scene) => {
    await scene.write("length.ts", "export const length = 3;\n");
    const { code, stderr } = await scene.run("--set", "rank=2", "--set", "epochs=3");
    assert.equal(code, 0, stderr);
    await test(scene);
  });
}

/** Repeats a run from its manifest, with a fresh store. */
function repeat(scene: Scene, manifest: string, ...options: readonly string[]) {
  return inProcess("run", manifest, "--store", scene.path("fresh"), "--out", scene.path("again"), ...options);
}

/** A run's results without the fields that depend on the clock and the store. */
async function resultsIn(folder: string): Promise<unknown> {
  const timed = new Set([
    "seconds",
    "stepSeconds",
    "expectedSeconds",
    "tokensPerSecond",
    "time",
    "cached",
    "digest",
    "manifest.yaml",
  ]);
  const text = await Deno.readTextFile(join(folder, "results.json"));
  return JSON.parse(text, (key, value) => timed.has(key) ? undefined : value);
}

const manifestOf = (scene: Scene) => scene.path("out", "manifest.yaml");
/** A manifest without its digest, which may be edited. */
const edited = (manifest: string) => manifest.replace(/^# digest: .*\n/m, "");
const trained = join("members", "rank=2", "intervention", "weights.safetensors");

Deno.test("a manifest repeats its run bit for bit", () =>
  afterRun(async (scene) => {
    const { code, stderr } = await repeat(scene, manifestOf(scene));
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /^note/m);
    assert.deepEqual(await resultsIn(scene.path("again")), await resultsIn(scene.path("out")));
    assert.deepEqual(
      await Deno.readFile(scene.path("again", trained)),
      await Deno.readFile(scene.path("out", trained)),
    );
    const manifests = [manifestOf(scene), scene.path("again", "manifest.yaml")].map((path) =>
      Deno.readTextFileSync(path)
    );
    assert.equal(manifests[1], manifests[0]);
    assert.ok(!manifests[0]!.includes(scene.folder) && !/^[^#]*[: ]\//m.test(manifests[0]!), manifests[0]);
    assert.deepEqual(await Deno.readFile(scene.path("out", "pipeline.ts")), await Deno.readFile(scene.pipeline));
  }));

Deno.test("a manifest finds its pipeline when everything has moved together, and names what is missing when it moved by itself", () =>
  afterRun(async (scene) => {
    const elsewhere = await Deno.makeTempDir();
    try {
      const manifest = await Deno.readTextFile(manifestOf(scene));
      await Deno.writeTextFile(join(elsewhere, "manifest.yaml"), manifest);
      const alone = await repeat(scene, join(elsewhere, "manifest.yaml"));
      assert.deepEqual([alone.code, alone.stderr], [
        2,
        `error: ${elsewhere}/manifest.yaml:3:11: there is no pipeline file "../pipeline.ts"; give its path, relative to ` +
        "the recipe\n",
      ]);
      await Deno.rename(scene.folder, join(elsewhere, "scene"));
      const places = ["--store", join(elsewhere, "store"), "--out", join(elsewhere, "again")];
      const { code, stderr } = await inProcess("run", join(elsewhere, "scene", "out", "manifest.yaml"), ...places);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await resultsIn(join(elsewhere, "again")), await resultsIn(join(elsewhere, "scene", "out")));
      const chat = await inProcessWith(["The cat"], "chat", join(elsewhere, "scene", "out"), ...places.slice(0, 2));
      assert.equal(chat.code, 0, chat.stderr);
    } finally {
      await Deno.mkdir(scene.folder, { recursive: true });
      await Deno.remove(elsewhere, { recursive: true });
    }
  }));

Deno.test("chat uses the base model that a recipe sets", () =>
  inScene({ heldOut: "rows.take(4)" }, async (scene) => {
    await Deno.mkdir(scene.path("models"));
    await writeTinyModel(scene.path("models", "other"), { seed: 2 });
    await scene.write("recipe.yaml", "pipeline: pipeline.ts\nbase: models/other\nthreads: 1\n");
    const run = await inProcess("run", scene.path("recipe.yaml"), ...scene.places);
    assert.equal(run.code, 0, run.stderr);
    const predictions = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
    const expected = predictions.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
    const options = ["--store", scene.path("store"), "--threads", "1", "--max-new-tokens", "3"];
    const asked = sceneRows.slice(0, 4).map(({ q }) => q);
    const { code, stdout, stderr } = await inProcessWith(asked, "chat", scene.path("out"), ...options);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, expected.map((text) => `${text}\n`).join(""));
  }));

const digest = "[0-9a-f]{12}…";
const changes: Readonly<Record<string, readonly [change: (scene: Scene) => Promise<void>, note: RegExp]>> = {
  "changed data": [
    (scene) => scene.write("rows.jsonl", sceneRows.slice(1).map((row) => JSON.stringify(row) + "\n").join("")),
    RegExp(`^note: the file \\./rows\\.jsonl is ${digest}, but ${digest} was recorded\n$`),
  ],
  "changed weights": [
    (scene) => writeTinyWeights(scene.path("model"), 9),
    RegExp(`^note: the weights of \\./model are ${digest}, but ${digest} was recorded\n$`),
  ],
  "a changed config": [
    async (scene) => {
      const file = scene.path("model", "config.json");
      const config = JSON.parse(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, JSON.stringify({ ...config, rms_norm_eps: 1e-3 }));
    },
    RegExp(`^note: the config of \\./model is ${digest}, but ${digest} was recorded\n$`),
  ],
  "a changed tokenizer": [
    async (scene) => {
      const file = scene.path("model", "tokenizer_config.json");
      const config = JSON.parse(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, JSON.stringify({ ...config, add_bos_token: !config.add_bos_token }));
    },
    RegExp(`^note: the tokenizer of \\./model is ${digest}, but ${digest} was recorded\n$`),
  ],
  "a changed pipeline": [
    async (scene) => scene.write("pipeline.ts", `${await Deno.readTextFile(scene.pipeline)}\n// changed\n`),
    RegExp(`^note: the pipeline file is ${digest}, but ${digest} was recorded\n$`),
  ],
  "a changed setting": [
    async (scene) => {
      const manifest = await Deno.readTextFile(manifestOf(scene));
      await Deno.writeTextFile(manifestOf(scene), edited(manifest).replace("rate: 0.01", "rate: 0.02"));
    },
    /^note: what is declared for rank=2 differs, in a setting or in a file that the pipeline imports\n$/,
  ],
};

for (const [name, [change, note]] of Object.entries(changes)) {
  Deno.test(`a manifest refuses ${name}, and runs it with --allow-changes`, () =>
    afterRun(async (scene) => {
      await change(scene);
      const { code, stdout, stderr } = await repeat(scene, manifestOf(scene));
      assert.deepEqual([code, stdout], [2, ""], stderr);
      const error = `error: ${manifestOf(scene)}: something has changed since this was recorded; ` +
        "restore it, or run it with --allow-changes\n";
      assert.ok(stderr.endsWith(error), stderr);
      assert.match(stderr.slice(0, -error.length), note);
      await assert.rejects(Deno.stat(scene.path("again")), Deno.errors.NotFound);
      const allowed = await repeat(scene, manifestOf(scene), "--allow-changes");
      assert.equal(allowed.code, 0, allowed.stderr);
      assert.match(allowed.stderr.split("\n")[0] + "\n", note);
    }));
}

Deno.test("a manifest of an earlier version, which has no digest of a config, repeats its run", () =>
  afterRun(async (scene) => {
    const manifest = await Deno.readTextFile(manifestOf(scene));
    assert.match(manifest, /^ +config: \w{64}$/m);
    await Deno.writeTextFile(manifestOf(scene), edited(manifest).replace(/^ +config: .*\n/m, ""));
    const { code, stderr } = await repeat(scene, manifestOf(scene));
    assert.equal(code, 0, stderr);
  }));

Deno.test("a manifest reports what differs from its record, and runs it", () =>
  afterRun(async (scene) => {
    const manifest = await Deno.readTextFile(manifestOf(scene));
    await Deno.writeTextFile(manifestOf(scene), edited(manifest).replace(/deno: .*/, "deno: 1.0.0"));
    const { code, stderr } = await repeat(scene, manifestOf(scene), "--threads", "2", "--set", "epochs=1");
    assert.equal(code, 0, stderr);
    assert.deepEqual(stderr.split("\n").filter((line) => line.startsWith("note: ")), [
      "note: epochs is set by an option",
      `note: the version of deno is ${Deno.version.deno}, but 1.0.0 was recorded`,
      "note: the number of threads is 2, but 1 was recorded",
    ]);
  }));
