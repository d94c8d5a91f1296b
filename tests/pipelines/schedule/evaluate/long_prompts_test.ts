/** Prompts so long that attention is computed in parts, when storing activations and generating answers. @module */
import assert from "node:assert/strict";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { inScene } from "../../../support/scene.ts";
import { evaluationOf, predictionsOf, resultsOf } from "../support.ts";

const model = { config: { num_hidden_layers: 1, max_position_embeddings: 8192 } };

const long = "cat ".repeat(3000), short = "cat ".repeat(500);

Deno.test("activations of a long prompt begin with those of its prefix", () =>
  inScene({
    imports: `import * as refract from "refract"; const { activations } = refract;`,
    data: `records(${
      JSON.stringify([{ q: long, a: "sits" }, { q: short, a: "sits" }])
    }, { prompt: "{q}", completion: "{a}" })`,
    stages: `{ states: activations(base, { data }) }`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const { tensors } = await readHeader(scene.path("out", "members", "main", "states.safetensors"));
    const tensor = tensors.get("hidden_states.1")!, all = await readTensor(tensor), [, length, width] = tensor.shape;
    assert.ok(length! ** 2 * 2 * 4 > 2 ** 26, `${length} tokens`);
    const ofShort = all.subarray(length! * width!);
    for (let at = 0; at < 500 * width!; at++) {
      assert.ok(ofShort[at] !== 0 && Math.abs(all[at]! - ofShort[at]!) < 1e-5, `element ${at}`);
    }
  }, model));

Deno.test("a long prompt without stored activations is answered", () =>
  inScene({
    heldOut: `records(${JSON.stringify([{ q: long, a: "sits" }])}, { prompt: "{q}", completion: "{a}" })`,
    stages: `{ plain: evaluate(base, { data: heldOut, metrics, decoding }) }`,
  }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const answers = predictionsOf(await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions)));
    assert.ok(answers.length === 1 && answers[0] !== "");
  }, model));
