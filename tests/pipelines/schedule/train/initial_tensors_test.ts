/** What the tensors of a training start from. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { editedModel, openModel, openModelWeights } from "../../../../pipelines/models/open/model.ts";
import { initialTensors } from "../../../../pipelines/schedule/train/initial_tensors.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";
import { writeTinyModel } from "../../../support/tiny_model.ts";
import { tensorsOf } from "../../interchange/peft/support.ts";
import { inFolder } from "../../models/support.ts";

Deno.test("DoRA starts from the lengths of a projection's rows, which GPT-2 stores as columns", () =>
  inFolder(async (folder) => {
    const config = { model_type: "gpt2", n_embd: 16, n_layer: 1, n_head: 2, n_positions: 32, vocab_size: 512 };
    await writeTinyModel(folder, { config });
    const model = await openModel(folder, { base: "/" }), modules = ["c_attn", "attn.c_proj"];
    const declared = checkedAdaptation({ kind: "dora", blocks: "all", modules, rank: 1 });
    const adaptations = lowerAdaptations([declared], editedModel(model));
    const weights = await openModelWeights(model);
    const found = await initialTensors({ model, adaptations, initialFiles: [], full: undefined }, weights, 0);
    const stored = await tensorsOf(join(folder, "model.safetensors"));
    assert.equal(adaptations.length, 2);
    for (const adaptation of adaptations) {
      assert.ok(adaptation.form === "adapter");
      const { data, shape: [inputs = 0, outputs = 0] } = stored[adaptation.weight]!;
      const lengths = Array.from({ length: outputs }, (_, output) => {
        return Math.hypot(...Array.from({ length: inputs }, (_, input) => data[input * outputs + output]!));
      });
      const magnitude = [...found[`${adaptation.index}.magnitude`]!.data as Float32Array];
      assert.equal(magnitude.length, outputs);
      magnitude.forEach((each, at) => assert.ok(Math.abs(each - lengths[at]!) < 1e-5, `${at}: ${each}`));
    }
  }));
