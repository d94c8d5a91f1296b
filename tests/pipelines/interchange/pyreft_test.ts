/** What is refused of folders that claim to be pyreft's; nothing of them is executed, and nothing is written. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writePickle } from "../../../pipelines/interchange/pickle.ts";
import { readTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { inProcess } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { archiveOf, bin, importing, keyOf, latin, rank, state, writePyreft } from "./support.ts";

Deno.test("a state dictionary is read as it was written", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    const found = await readTorchFile(bin(scene));
    assert.deepEqual(Object.fromEntries(found), state);
  }));

Deno.test("an imported intervention is evaluated, trained on and exported", () =>
  inScene({
    edit: '((_) => saved("./imported", { positions: "l1" }))',
    heldOut: "rows",
    metrics: "[loss()]",
    stages: `{ imported: evaluate(edited, { data: rows, metrics }), tuned: evaluate(tuned, { data: rows, metrics }) }`,
  }, async (scene) => {
    await writePyreft(scene);
    const { code, stderr } = await importing(scene);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /do not say which tokens are edited: l1 is assumed/);
    const { stdout } = await scene.run("--json");
    const { members: [member] } = JSON.parse(stdout);
    const [imported, , tuned] = member.stages;
    assert.ok(tuned.metrics.loss < imported.metrics.loss);
    const written = scene.path("out", "members", member.id);
    const exported = await inProcess("export", written, "--to", "pyreft", "--out", scene.path("exported"));
    assert.equal(exported.code, 0, exported.stderr);
    const found = await readTorchFile(scene.path("exported", `intkey_${keyOf(0)}.bin`));
    assert.deepEqual([...found.keys()], Object.keys(state));
    assert.notDeepEqual(found.get("bias"), state["bias"]);
  }));

/** Sees that an import refuses in one line and writes nothing. */
function refuses(name: string, change: (scene: Scene) => Promise<void>, says: RegExp): void {
  Deno.test(`an import refuses ${name}`, () =>
    inScene({}, async (scene) => {
      await change(scene);
      const { code, stdout, stderr } = await importing(scene);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.equal(stderr.split("\n").length, 2, stderr);
      assert.match(stderr, says);
      await assert.rejects(Deno.stat(scene.path("imported")));
    }));
}

/** Puts another pickle in the archive. */
const withPickle = (pickle: Uint8Array) => async (scene: Scene) => {
  await writePyreft(scene);
  await Deno.writeFile(bin(scene), archiveOf(pickle));
};

refuses("a pickle that calls a function", withPickle(latin("cos\nsystem\n(X\x02\0\0\0lstR.")), /asks for os\.system/);
refuses(
  "a pickle that names a function on its stack",
  withPickle(latin("\x8c\x08builtins\x8c\x04eval\x93.")),
  /asks for builtins\.eval/,
);
refuses("a pickle of an unknown operation", withPickle(latin("i")), /the operation 0x69/);
refuses(
  "a pickle cut short",
  withPickle(writePickle([{ name: "a", shape: [1], storage: "FloatStorage" }]).slice(0, 40)),
  /cut short/,
);
refuses("a pickle of something else", withPickle(latin("K\x01.")), /holds no state dictionary/);
refuses("a truncated archive", async (scene) => {
  await writePyreft(scene);
  await Deno.writeFile(bin(scene), (await Deno.readFile(bin(scene))).slice(0, -100));
}, /is no whole zip archive/);
refuses("a state dictionary without a tensor", (scene) => {
  const { bias: _, ...rest } = state;
  return writePyreft(scene, {}, rest);
}, /lacks bias/);
refuses("tensors for another model", (scene) => {
  const wide = { shape: [rank, 8], data: new Float32Array(rank * 8) };
  return writePyreft(scene, {}, { ...state, weight: wide });
}, /0\.weight is \[2, 8\] where the model needs \[2, 16\]/);
refuses("an intervention of another library", (scene) => {
  return writePyreft(scene, { intervention_types: ["<class 'mine.Special'>"] });
}, /the intervention type Special is not known/);
refuses("a component that there is not", (scene) => {
  return writePyreft(scene, { representations: [[1, "gate_output", "pos", 1, rank]] });
}, /the component "gate_output" of layer 1 is not known/);
refuses("a block that the model lacks", (scene) => {
  return writePyreft(scene, { representations: [[9, "block_output", "pos", 1, rank]] });
}, /block 9 does not exist/);
refuses("a folder without its state dictionaries", async (scene) => {
  await writePyreft(scene);
  await Deno.remove(bin(scene));
}, /is missing; copy the whole folder/);
refuses("a folder without config.json", async (scene) => {
  await writePyreft(scene);
  await Deno.remove(join(scene.path("pyreft"), "config.json"));
}, /there is no config\.json/);
