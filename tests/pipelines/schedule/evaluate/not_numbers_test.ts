/** A model whose weights are damaged: every kind of answer refuses logits that are NaN. @module */
import assert from "node:assert/strict";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { writeSafetensors } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { inScene } from "../../../support/scene.ts";

const decodings = ["greedy({ maxNewTokens: 3 })", "sample({ maxNewTokens: 3 })", "beam({ maxNewTokens: 3, beams: 2 })"];

for (const decoding of decodings) {
  Deno.test(`a base model with NaN among its weights is refused by ${decoding}`, () => {
    const stages = "{ tuned: evaluate(base, { data: held, metrics, decoding }) }";
    return inScene({ decoding, stages, metrics: "[exactMatch()]" }, async (scene) => {
      const path = scene.path("model", "model.safetensors"), { tensors } = await readHeader(path);
      const records = await Promise.all([...tensors].map(async ([name, record]) => {
        const data = await readTensor(record);
        if (name === "model.norm.weight") data[0] = NaN;
        return { name, shape: record.shape, data };
      }));
      await writeSafetensors(path, records);
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error: tuned: the model's logits are NaN; check its weights, or train its edits/m);
    });
  });
}
