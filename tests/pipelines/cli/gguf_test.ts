import assert from "node:assert/strict";
import { inProcess } from "../../support/command.ts";
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

Deno.test("run converts a GGUF file once, says so, and trains on it", () =>
  withFile(async (scene) => {
    const first = await scene.run();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /^convert .* model\.gguf$/m);
    assert.ok(converted(scene).includes("model.safetensors"));
    const listed = await inProcess("cache", "ls", "--store", scene.path("store"));
    assert.match(listed.stdout, /may hold .*, besides 1 converted model, \d+\.\d kB$/m);
    const again = await scene.run();
    assert.equal(again.code, 0, again.stderr);
    assert.doesNotMatch(again.stderr, /convert/);
    const manifest = await Deno.readTextFile(scene.path("out", "manifest.yaml"));
    assert.ok(manifest.includes(scene.path("model.gguf")), manifest);
    const repeated = await inProcess("run", scene.path("out", "manifest.yaml"), ...scene.places.slice(0, 2), "--json");
    assert.equal(repeated.code, 0, repeated.stderr);
    const emptied = await inProcess("cache", "gc", "--all", "--store", scene.path("store"));
    assert.match(emptied.stdout, /^freed \d+ entries, .* and 1 converted model, \d+\.\d kB; /);
    assert.deepEqual(converted(scene), []);
  }));

Deno.test("a recipe may put a GGUF file in a base model's place, by a path from its own folder", () =>
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

/** Turns a bit of a file over, in the middle of it. */
async function flip(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(path, bytes);
}

const digestsIn = async (scene: Scene, name: string) => {
  return (await Deno.readTextFile(scene.path(name, "members", "main", "intervention", "weights.safetensors"))).slice(8);
};

for (const name of ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json"]) {
  Deno.test(`a converted ${name} of which a bit has flipped is made again, and trains the same`, () =>
    withFile(async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const expected = await digestsIn(scene, "out");
      const file = scene.filesOf("store").find((path) => path.startsWith("models/") && path.endsWith(`/${name}`))!;
      const path = scene.path("store", file), written = await Deno.readFile(path);
      await flip(path);
      for (const kind of ["encode", "train", "predictions"]) {
        await Deno.remove(scene.path("store", kind), { recursive: true });
      }
      const again = await inProcess("run", scene.pipeline, ...scene.places.slice(0, 2), "--out", scene.path("again"));
      assert.equal(again.code, 0, again.stderr);
      assert.ok(again.stderr.includes(`${path}: is damaged; it is converted again\n`), again.stderr);
      assert.deepEqual(await Deno.readFile(path), written);
      assert.equal(await digestsIn(scene, "again"), expected);
      const third = await inProcess("plan", scene.pipeline, ...scene.places.slice(0, 2));
      assert.doesNotMatch(third.stderr, /damaged/);
    }));

  Deno.test(`cache verify finds a converted ${name} of which a bit has flipped`, () =>
    withFile(async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const verify = () => inProcess("cache", "verify", "--store", scene.path("store"));
      const sound = await verify();
      assert.match(sound.stdout, /: \d+ entries, .* and 1 converted model, .*B, all sound\n$/);
      const file = scene.filesOf("store").find((path) => path.startsWith("models/") && path.endsWith(`/${name}`))!;
      await flip(scene.path("store", file));
      const { code, stdout, stderr } = await verify();
      assert.equal(code, 1);
      assert.equal(
        stdout,
        `${scene.path("store", file)}: is damaged; the model is dropped and will be converted again\n`,
      );
      assert.match(stderr, / are damaged; run again what needs them\n$/);
      assert.deepEqual(converted(scene), []);
      assert.equal((await scene.run()).code, 0);
    }));
}
