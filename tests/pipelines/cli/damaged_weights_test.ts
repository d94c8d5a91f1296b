/** No command uses weights that have changed since they were written. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { inProcess, inProcessWith, type Outcome } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";

/** Flips a bit near the end of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 2]! ^= 1;
  await Deno.writeFile(path, bytes);
}

/** Removes the digests from the intervention.json next to a weights file, as if another program had written it. */
async function forgetDigests(weights: string): Promise<void> {
  const path = join(dirname(weights), "intervention.json");
  const { weights: _, digest: __, ...described } = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify(described));
}

/** Makes the last number of a file NaN and removes its digests, as if another program had written it. */
async function putNaN(path: string): Promise<void> {
  await forgetDigests(path);
  const bytes = await Deno.readFile(path), start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, start)).replace(/"refract_digest":"\w+"/, (text) => {
    return `"other":"${"0".repeat(text.length - 10)}"`;
  });
  bytes.set(new TextEncoder().encode(header), 8);
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, NaN, true);
  await Deno.writeFile(path, bytes);
}

const uses: Readonly<Record<string, (scene: Scene) => Promise<Outcome>>> = {
  "export to pyreft": (scene) => inProcess("export", scene.path("out"), "--to", "pyreft", "--out", scene.path("new")),
  "export to ONNX": (scene) => inProcess("export", scene.path("out"), "--to", "onnx", "--out", scene.path("new")),
  chat: (scene) => inProcessWith(["The cat"], "chat", scene.path("out"), "--store", scene.path("store")),
  push: (scene) => inProcess("push", scene.path("out"), "someone/tuned"),
  "a run that starts from it": async (scene) => {
    const text = await Deno.readTextFile(scene.pipeline);
    await scene.write(
      "again.ts",
      text.replace(/base\.with\(.*\)/, `base.with(saved("./out/members/main/intervention"))`),
    );
    return inProcess("run", scene.path("again.ts"), "--store", scene.path("store"), "--out", scene.path("new"));
  },
};

for (const [name, use] of Object.entries(uses)) {
  Deno.test(`${name} refuses weights with a flipped bit or with NaN`, () =>
    inScene({}, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const path = scene.path("out", "members", "main", "intervention", "weights.safetensors");
      const sound = await Deno.readFile(path);
      for (
        const [damage, says] of [[flip, "is damaged, its content has changed"], [putNaN, "the tensor 0."]] as const
      ) {
        await Deno.writeFile(path, sound);
        await damage(path);
        const { code, stdout, stderr } = await use(scene);
        assert.deepEqual([code, stdout], [2, ""], stderr);
        assert.ok(stderr.split("\n").some((line) => line.startsWith(`error: ${path}: ${says}`)), stderr);
        await assert.rejects(Deno.stat(scene.path("new")), Deno.errors.NotFound);
      }
    }));
}

const report = (scene: Scene) => inProcess("report", scene.path("out"));

/** Changes of one or a few bytes: what is replaced, and by what. */
const changes: readonly (readonly [found: string | RegExp, put: string])[] = [
  ['"l1"', '"l2"'],
  ['"rank": 2', '"rank": 3'],
  ['"digest"', '"digesu"'],
  ['"weights"', '"weighty"'],
  ['"weights": "', '"weights": "0'],
  [/"digest": "./, '"digest": "g'],
];

Deno.test("an intervention.json with a changed byte is refused by every reader, and so are another intervention's weights", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const folder = scene.path("out", "members", "main", "intervention"), weights = join(folder, "weights.safetensors");
    const path = join(folder, "intervention.json"), sound = await Deno.readTextFile(path);
    assert.match(sound, /\n {2}"weights": "[0-9a-f]{64}",\n {2}"digest": "[0-9a-f]{64}"\n\}\n$/);
    const refuse = async (file: string, says: string) => {
      for (const [name, use] of Object.entries({ ...uses, report })) {
        const { code, stdout, stderr } = await use(scene);
        assert.deepEqual([code, stdout], [2, ""], `${name}: ${stderr}`);
        assert.ok(stderr.split("\n").some((line) => line.startsWith(`error: ${file}: ${says}`)), `${name}: ${stderr}`);
        await assert.rejects(Deno.stat(scene.path("new")), Deno.errors.NotFound);
      }
    };
    for (const [found, put] of changes) {
      await Deno.writeTextFile(path, sound.replace(found, put));
      await refuse(
        path,
        "is damaged, its content has changed since it was written; train, import or download it again",
      );
    }
    await Deno.writeTextFile(path, sound);
    await scene.write("other.ts", (await Deno.readTextFile(scene.pipeline)).replace("epochs = 2", "epochs = 1"));
    const places = ["--store", scene.path("store"), "--out", scene.path("other")];
    assert.equal((await inProcess("run", scene.path("other.ts"), ...places)).code, 0);
    await Deno.copyFile(scene.path("other", "members", "main", "intervention", "weights.safetensors"), weights);
    await refuse(
      weights,
      "is damaged or from another training, the intervention.json next to it was written for other weights",
    );
    await forgetDigests(weights);
    assert.equal((await uses["export to pyreft"]!(scene)).code, 0);
  }));

Deno.test("a fully finetuned model with a flipped bit is neither exported nor trained further", () => {
  const edit = "...(() => [refract.fullFinetuning()])";
  return inScene({ edit }, async (scene) => {
    const ran = await scene.run();
    assert.equal(ran.code, 0, ran.stderr);
    const folder = scene.path("out", "members", "main", "model"), path = join(folder, "model.safetensors");
    await flip(path);
    const exported = await inProcess("export", folder, "--to", "onnx", "--out", scene.path("new"));
    const text = await Deno.readTextFile(scene.pipeline);
    await scene.write("again.ts", text.replace('"./model"', `"./out/members/main/model"`));
    const again = await inProcess("run", scene.path("again.ts"), ...scene.places);
    for (const { code, stderr } of [exported, again]) {
      assert.equal(code, 2, stderr);
      assert.ok(stderr.includes(`error: ${path}: is damaged, its content has changed`), stderr);
    }
  });
});
