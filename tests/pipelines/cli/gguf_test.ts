import assert from "node:assert/strict";
import { damagedFile } from "../../../pipelines/models/gguf/folder.ts";
import { openBareModel, openModelWeights } from "../../../pipelines/models/open/model.ts";
import { inProcess, inProcessWith } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { goldenPath } from "../models/gguf/support.ts";

const parts = { source: '"./model.gguf"', at: "block(0).output" };

async function withFile(test: (scene: Scene) => Promise<void>): Promise<void> {
  await inScene(parts, async (scene) => {
    await Deno.copyFile(goldenPath("llama.gguf"), scene.path("model.gguf"));
    await test(scene);
  });
}

function converted(scene: Scene): readonly string[] {
  const files = scene.filesOf("store").filter((path) => path.includes("models/") && !path.endsWith("/"));
  return files.map((path) => path.split("/").at(-1)!);
}

Deno.test("plan reads a GGUF file's config and tokenizer and converts no weights", () =>
  withFile(async (scene) => {
    const { code, stdout, stderr } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--json");
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).estimate.steps, 4);
    assert.doesNotMatch(stderr, /convert/);
    assert.deepEqual(converted(scene).toSorted(), [
      "config.json",
      "generation_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
  }));

Deno.test("run converts a GGUF file once, reports it, and trains on it", () =>
  withFile(async (scene) => {
    const first = await scene.run();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /^convert .* model\.gguf$/m);
    assert.ok(converted(scene).includes("model.safetensors"));
    const listed = await inProcess("cache", "ls", "--store", scene.path("store"));
    assert.match(listed.stdout, /may hold .*, in addition to 1 converted model, \d+\.\d kB$/m);
    const again = await scene.run();
    assert.equal(again.code, 0, again.stderr);
    assert.doesNotMatch(again.stderr, /convert/);
    const manifest = await Deno.readTextFile(scene.path("out", "manifest.yaml"));
    assert.ok(manifest.includes("base: ../model.gguf\n"), manifest);
    const repeated = await inProcess("run", scene.path("out", "manifest.yaml"), ...scene.places, "--json");
    assert.equal(repeated.code, 0, repeated.stderr);
    const emptied = await inProcess("cache", "gc", "--all", "--store", scene.path("store"));
    assert.match(emptied.stdout, /^freed \d+ entries, .* and 1 converted model, \d+\.\d kB; /);
    assert.deepEqual(converted(scene), []);
  }));

Deno.test("a recipe may replace the base model by a GGUF file, with a path relative to the recipe", () =>
  inScene({ at: "block(0).output" }, async (scene) => {
    await Deno.mkdir(scene.path("recipes"));
    await Deno.copyFile(goldenPath("llama.gguf"), scene.path("recipes", "own.gguf"));
    const recipe = async (base: string) => {
      await scene.write("recipes/recipe.yaml", `pipeline: ../pipeline.ts\nbase: ${base}\n`);
      return await inProcess("plan", scene.path("recipes", "recipe.yaml"), "--store", scene.path("store"), "--json");
    };
    const { code, stderr } = await recipe("./own.gguf");
    assert.equal(code, 0, stderr);
    assert.ok(converted(scene).includes("config.json"));
    const absent = await recipe("absent.gguf");
    assert.equal(absent.code, 2);
    assert.match(
      absent.stderr,
      /recipe\.yaml:2:7: there is no GGUF file "absent\.gguf"; give its path, relative to the/,
    );
  }));

/** Flips a bit in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(path, bytes);
}

const digestsIn = async (scene: Scene, name: string) => {
  return (await Deno.readTextFile(scene.path(name, "members", "main", "intervention", "weights.safetensors"))).slice(8);
};

const described = ["config.json", "tokenizer.json", "generation_config.json"];

for (const name of described) {
  Deno.test(`a converted ${name} with a flipped bit is converted again, and trains the same`, () =>
    withFile(async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const expected = await digestsIn(scene, "out");
      const file = scene.filesOf("store").find((path) => path.startsWith("models/") && path.endsWith(`/${name}`))!;
      const path = scene.path("store", file), written = await Deno.readFile(path);
      await flip(path);
      await forgetResults(scene);
      const again = await inProcess("run", scene.pipeline, ...scene.places.slice(0, 2), "--out", scene.path("again"));
      assert.equal(again.code, 0, again.stderr);
      assert.ok(again.stderr.includes(`${path}: is damaged; converting it again\n`), again.stderr);
      assert.deepEqual(await Deno.readFile(path), written);
      assert.equal(await digestsIn(scene, "again"), expected);
      const third = await inProcess("plan", scene.pipeline, ...scene.places.slice(0, 2));
      assert.doesNotMatch(third.stderr, /damaged/);
    }));
}

/** Removes what was computed from the model's weights. */
async function forgetResults(scene: Scene): Promise<void> {
  for (const kind of ["encode", "train", "predictions"]) {
    await Deno.remove(scene.path("store", kind), { recursive: true }).catch(() => {});
  }
}

Deno.test("a run on converted weights with a flipped bit fails and keeps nothing, and the next run converts again", () =>
  withFile(async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const expected = await digestsIn(scene, "out");
    const file = scene.filesOf("store").find((path) => path.endsWith("/model.safetensors"))!;
    const path = scene.path("store", file), written = await Deno.readFile(path);
    await flip(path);
    await forgetResults(scene);
    const run = () => inProcess("run", scene.pipeline, ...scene.places.slice(0, 2), "--out", scene.path("again"));
    const first = await run();
    assert.equal(first.code, 2, first.stderr);
    const says = "is damaged, its content has changed since it was written; run the command again to convert it again";
    assert.ok(first.stderr.endsWith(`error: ${path}: ${says}\n`), first.stderr);
    assert.deepEqual([scene.entries, scene.filesOf("again")], [[], []]);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    const second = await run();
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(await Deno.readFile(path), written);
    assert.equal(await digestsIn(scene, "again"), expected);
  }));

Deno.test("chat shows nothing generated by converted weights with a flipped bit", () =>
  withFile(async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const file = scene.filesOf("store").find((path) => path.endsWith("/model.safetensors"))!;
    await flip(scene.path("store", file));
    const chat = () => inProcessWith(["The cat"], "chat", scene.path("out"), "--store", scene.path("store"));
    const { code, stdout, stderr } = await chat();
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /model\.safetensors: is damaged, .*; run the command again to convert it again\n$/);
    assert.equal((await chat()).code, 0);
  }));

Deno.test("an export of converted weights with a flipped bit converts them again", () =>
  withFile(async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const file = scene.filesOf("store").find((path) => path.endsWith("/model.safetensors"))!;
    const [model] = file.split("/").slice(1), whole = await Deno.readFile(scene.path("store", file));
    await flip(scene.path("store", file));
    assert.equal(await damagedFile(scene.path("store"), model!), scene.path("store", file));
    const source = scene.path("model.gguf"), warnings: string[] = [];
    const options = { base: scene.folder, store: scene.path("store"), warn: (text: string) => warnings.push(text) };
    await openModelWeights(await openBareModel(source, options));
    assert.deepEqual(warnings, [`${scene.path("store", file)}: is damaged; converting it again`]);
    assert.deepEqual(await Deno.readFile(scene.path("store", file)), whole);
  }));

for (const name of ["model.safetensors", ...described]) {
  Deno.test(`cache verify finds a converted ${name} with a flipped bit`, () =>
    withFile(async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const verify = () => inProcess("cache", "verify", "--store", scene.path("store"));
      const sound = await verify();
      assert.match(sound.stdout, /: \d+ entries, .* and 1 converted model, .*B, all intact\n$/);
      const file = scene.filesOf("store").find((path) => path.startsWith("models/") && path.endsWith(`/${name}`))!;
      await flip(scene.path("store", file));
      const { code, stdout, stderr } = await verify();
      assert.equal(code, 1);
      assert.equal(
        stdout,
        `${scene.path("store", file)}: is damaged; the model is dropped and will be converted again\n`,
      );
      assert.match(stderr, / are damaged; rerun what needs them\n$/);
      assert.deepEqual(converted(scene), []);
      assert.equal((await scene.run()).code, 0);
    }));
}
