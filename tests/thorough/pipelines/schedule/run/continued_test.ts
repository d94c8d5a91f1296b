/** What a run has trained, evaluated and trained further by a later pipeline. @module */
import assert from "node:assert/strict";
import { inProcess, type Outcome } from "../../../../support/command.ts";
import { inScene, type PipelineParts, pipelineText, type Scene } from "../../../../support/scene.ts";

const model = `base.with(refract.saved("./out/members/main/intervention"))`;
const evaluated = (model: string) =>
  `{ tuned: evaluate(${model}, { data: heldOut, metrics, ...decoding && { decoding } }) }`;

/** Runs a pipeline with these stages on what the scene's own has trained, into a folder of this name. */
async function runLater(
  scene: Scene,
  stages: string,
  parts: Partial<PipelineParts> = {},
  name = "later",
): Promise<Outcome> {
  await scene.write(`${name}.ts`, pipelineText({ ...parts, stages }));
  const places = ["--store", scene.path("store"), "--out", scene.path(name), "--threads", "1"];
  return inProcess("run", scene.path(`${name}.ts`), ...places);
}

const answers = (scene: Scene, folder: string) =>
  Deno.readTextFile(scene.path(folder, "members", "main", "predictions.jsonl"));

for (const edit of ["loreft", "refract.lobireft"]) {
  Deno.test(`an edit whose rotation weight decay took to zero is evaluated as in its run: ${edit}`, () =>
    inScene({ edit, optimizer: "adamw({ learningRate: 1e-2, weightDecay: 0.1 })" }, async (scene) => {
      const first = await scene.run();
      assert.equal(first.code, 0, first.stderr);
      const again = await runLater(scene, evaluated(model));
      assert.equal(again.code, 0, again.stderr);
      assert.equal(await answers(scene, "later"), await answers(scene, "out"));
    }));

  Deno.test(`a rotation that weight decay took to zero is not trained further: ${edit}`, () =>
    inScene({ edit, optimizer: "adamw({ learningRate: 1e-2, weightDecay: 0.1 })" }, async (scene) => {
      const first = await scene.run();
      assert.equal(first.code, 0, first.stderr);
      const { code, stderr } = await runLater(
        scene,
        evaluated(`train(${model}, { data, epochs, batchSize, optimizer })`),
      );
      assert.equal(code, 2);
      assert.match(
        stderr,
        /weights\.safetensors: the tensor 0\.rotate has columns that are not orthonormal; .* trained without weightDecay/,
      );
    }));
}

/** BERT's module output.dense has a name in which that of attention.output.dense ends. */
const bert = {
  model_type: "bert",
  num_key_value_heads: undefined,
  head_dim: undefined,
  bos_token_id: undefined,
  tie_word_embeddings: undefined,
};

for (const adapter of ["bitfit()", "lora({ rank: 2 })", "lora({ rank: 2, modules: ['output.dense'] })"]) {
  Deno.test(`an adapter of modules whose names end alike is evaluated as in its run: ${adapter}`, () => {
    const labelled = `records([{ t: "The cat", n: 1 }, { t: "It is", n: 3 }], { text: "{t}", label: "{n}" })`;
    const parts = { data: labelled, heldOut: labelled, metrics: "[refract.mse()]", decoding: "undefined" };
    const stages = evaluated("tuned");
    return inScene({ ...parts, edit: `...((_) => [${adapter}, refract.regression()])`, stages }, async (scene) => {
      const first = await scene.run();
      assert.equal(first.code, 0, first.stderr);
      const again = await runLater(scene, evaluated(model), parts);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(await answers(scene, "later"), await answers(scene, "out"));
    }, { config: bert });
  });
}

for (const cut of ["maxLength: 5", 'maxLength: 5, truncate: "left"']) {
  Deno.test(`a saved head reads rows as long as in its training: ${cut}`, () => {
    const labelled = `records(rowTexts.map((t, n) => ({ t, n })), { text: "{t}", label: "{n}" })`;
    const texts = ["What has the man in his hand", "A red bird over the old house", "It is", "Who lives in the town"];
    const parts = {
      preamble: `const rowTexts = ${JSON.stringify(texts)};`,
      ...{ data: labelled, heldOut: labelled, metrics: "[refract.mse()]", decoding: "undefined" },
    };
    const edit = "...((_) => [lora({ rank: 2 }), refract.regression()])";
    return inScene({ ...parts, edit, trainSettings: cut, stages: evaluated("tuned") }, async (scene) => {
      const first = await scene.run();
      assert.equal(first.code, 0, first.stderr);
      const again = await runLater(scene, evaluated(model), parts);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(await answers(scene, "later"), await answers(scene, "out"));
      const whole = evaluated(model).replace("metrics,", "metrics, maxLength: 100,");
      assert.equal((await runLater(scene, whole, parts, "whole")).code, 0);
      assert.notEqual(await answers(scene, "whole"), await answers(scene, "out"));
    });
  });
}
