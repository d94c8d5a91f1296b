/** Imports of pyreft's folders: invalid ones are refused, and nothing of them is executed or written. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writePickle } from "../../../pipelines/interchange/pickle.ts";
import { readTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { inProcess } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { archiveOf, bin, freeState, importing, keyOf, latin, rank, state, writePyreft } from "./support.ts";

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
    assert.match(stderr, /does not say which tokens are edited; l1 is assumed/);
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

const biased: typeof freeState = {
  ...freeState,
  "proj_layer.bias": { shape: [rank], data: Float32Array.of(0.5, -7) },
};
const ofType = (name: string) => ({ intervention_types: [`<class 'pyreft.interventions.${name}'>`] });

Deno.test("a projection's bias that Nodireft never reads is noted once, kept through a training and written back", () =>
  inScene({
    edit: '((_) => saved("./imported", { positions: "l1" }))',
    optimizer: "adamw({ learningRate: 1e-2, weightDecay: 0.5 })",
    stages: "{ tuned: evaluate(tuned, { data: rows, metrics: [loss()] }) }",
  }, async (scene) => {
    await writePyreft(scene, ofType("NodireftIntervention"), biased);
    const { code, stderr } = await importing(scene);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/proj_layer\.bias of a NodireftIntervention is not used, in pyreft either/g)?.length, 1);
    const biasOf = async (folder: string, out: string) => {
      const { code, stderr } = await inProcess("export", folder, "--to", "pyreft", "--out", scene.path(out));
      assert.equal(code, 0, stderr);
      return await readTorchFile(scene.path(out, `intkey_${keyOf(0)}.bin`));
    };
    const untrained = await biasOf(scene.path("imported"), "untrained");
    const plain = new Map([...untrained].filter(([name]) => !/^(embed|interchange)_dim$/.test(name)));
    assert.deepEqual(Object.fromEntries(plain), biased);
    const { members: [member] } = JSON.parse((await scene.run("--json")).stdout);
    assert.equal(member.trainableParameters, 66);
    const trained = await biasOf(scene.path("out", "members", member.id), "trained");
    assert.deepEqual(trained.get("proj_layer.bias"), biased["proj_layer.bias"]);
    assert.notDeepEqual(trained.get("proj_layer.weight"), biased["proj_layer.weight"]);
  }));

Deno.test("a projection's unused bias does not change the results", async () => {
  const losses = await Promise.all([freeState, biased].map(async (tensors) => {
    let found: unknown;
    await inScene({
      edit: '((_) => saved("./imported", { positions: "l1" }))',
      stages: "{ tuned: evaluate(tuned, { data: rows, metrics: [loss()] }) }",
    }, async (scene) => {
      await writePyreft(scene, ofType("NodireftIntervention"), tensors);
      assert.equal((await importing(scene)).code, 0);
      const { members: [member] } = JSON.parse((await scene.run("--json")).stdout);
      found = member.stages.find(({ kind }: { kind: string }) => kind === "train").losses;
    });
    return found;
  }));
  assert.deepEqual(losses[0], losses[1]);
});

Deno.test("an import and an export need a model's config.json and no tokenizer", () =>
  inScene({}, async (scene) => {
    for (const name of ["tokenizer.json", "tokenizer_config.json", "model.safetensors"]) {
      await Deno.remove(scene.path("model", name));
    }
    await writePyreft(scene);
    const imported = await importing(scene, "--positions", "l1");
    assert.equal(imported.code, 0, imported.stderr);
    const { code, stderr } = await inProcess(
      ...["export", scene.path("imported"), "--to", "pyreft", "--out", scene.path("exported")],
    );
    assert.equal(code, 0, stderr);
  }));

/** Tests that an import is refused in one line and writes nothing. */
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

/** Replaces the pickle in the archive. */
const withPickle = (pickle: Uint8Array) => async (scene: Scene) => {
  await writePyreft(scene);
  await Deno.writeFile(bin(scene), archiveOf(pickle));
};

refuses("a pickle that calls a function", withPickle(latin("cos\nsystem\n(X\x02\0\0\0lstR.")), /requests os\.system/);
refuses(
  "a pickle that names a function on its stack",
  withPickle(latin("\x8c\x08builtins\x8c\x04eval\x93.")),
  /requests builtins\.eval/,
);
refuses("a pickle of an unknown operation", withPickle(latin("i")), /the operation 0x69/);
refuses(
  "a pickle cut short",
  withPickle(writePickle([{ name: "a", shape: [1], storage: "FloatStorage" }]).slice(0, 40)),
  /truncated/,
);
refuses("a pickle of something else", withPickle(latin("K\x01.")), /has no state dictionary/);
refuses("a truncated archive", async (scene) => {
  await writePyreft(scene);
  await Deno.writeFile(bin(scene), (await Deno.readFile(bin(scene))).slice(0, -100));
}, /is not a complete zip archive/);
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
refuses("an unknown component", (scene) => {
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
}, /has neither config\.json nor adapter_config\.json/);
