/** No telemetry: the files that processes with ONNX Runtime leave in the home and temporary folders. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../pipelines/models/support.ts";
import { ownProcess, treeOf } from "../support/command.ts";
import { packagesFolder } from "../support/packages.ts";
import { inScene, type Scene } from "../support/scene.ts";

/** The environment of a process with separate folders, and their content. */
async function ownFolders(
  parent: string,
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly left: () => string[] }> {
  const folders = ["home", "tmp"].map((name) => join(parent, `own-${name}`));
  for (const folder of folders) await Deno.mkdir(folder);
  const [home, tmp] = folders as [string, string];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  const env = { HOME: home, XDG_CACHE_HOME: join(home, ".cache"), TMPDIR: tmp, DENO_DIR: denoDir };
  return { env, left: () => folders.flatMap(treeOf) };
}

const scene = { source: '"builtin:tiny"' };
const runOf = ({ pipeline, places }: Scene) => ["run", pipeline, ...places];

Deno.test("a run leaves nothing of ONNX Runtime in the home and temporary folders", () =>
  inScene(scene, async (scene) => {
    const { env, left } = await ownFolders(scene.folder);
    const { code, stderr } = await ownProcess(runOf(scene), { env });
    assert.equal(code, 0, stderr);
    assert.deepEqual(left(), []);
  }));

Deno.test("an exported model's Node example leaves nothing in the home and temporary folders", async () => {
  const packages = await packagesFolder(["onnxruntime-node@1.30.0", "@huggingface/tokenizers@0.2.0"]);
  if (packages === undefined) return;
  await inScene(scene, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    await inFolder(async (folder) => {
      const out = join(folder, "exported");
      const { code, stderr } = await ownProcess(["export", scene.path("out"), "--to", "onnx", "--out", out]);
      assert.equal(code, 0, stderr);
      await Deno.symlink(join(packages, "node_modules"), join(out, "node_modules"));
      const { env, left } = await ownFolders(folder);
      const ran = await new Deno.Command("node", { args: [join(out, "example.mjs"), "The cat", "4"], env }).output();
      assert.ok(ran.success, new TextDecoder().decode(ran.stderr));
      assert.deepEqual(left(), []);
    });
  });
});
