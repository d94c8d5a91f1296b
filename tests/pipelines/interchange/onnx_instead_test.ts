/** What messages advise about adaptations that a format cannot hold. @module */
import assert from "node:assert/strict";
import { onnxInstead } from "../../../pipelines/compile/lower/onnx_instead.ts";
import { peftContent } from "../../../pipelines/interchange/peft/write.ts";
import { mergeSites } from "../../../pipelines/interchange/merged/plan.ts";
import { lowerAdaptations } from "../../../pipelines/compile/lower/lower_adaptations.ts";
import { type BareModel, editedModel, openModel } from "../../../pipelines/models/open/model.ts";
import { checkedAdaptation } from "../../../pipelines/schedule/validate/adaptation_checks.ts";
import { assertOneLine, inFolder } from "../models/support.ts";
import { tinyT5Config } from "../../support/tiny_t5.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";

type Declared = Readonly<Record<string, unknown>>;

/** Runs a test with a tiny model. */
function withTiny(config: Declared, test: (model: BareModel, lowered: Lowered) => void): Promise<void> {
  return inFolder(async (folder) => {
    await writeTinyModel(folder, { config });
    const model = await openModel(folder, { base: "/" });
    test(model, (...declared) => lowerAdaptations(declared.map((each) => checkedAdaptation(each)), editedModel(model)));
  });
}

type Lowered = (...declared: readonly Declared[]) => ReturnType<typeof lowerAdaptations>;

const edit = (kind: string, options: Declared = { rank: 1 }, site = "block.output", blocks = [1]) => {
  return { kind, at: { blocks, site }, positions: "l1", tied: false, ...options };
};

Deno.test("what a format lacks is exported to another that has it, if there is one", () =>
  withTiny({}, ({ architecture }, lowered) => {
    const peft = (adaptations: ReturnType<Lowered>) => () =>
      peftContent({ architecture, base: "x", adaptations, tensors: {} });
    const says = (fails: () => unknown, message: RegExp) =>
      assert.throws(fails, (fault) => assertOneLine(fault, message));
    says(peft(lowered(edit("loreft"))), /; export it --to pyreft$/);
    says(peft(lowered(edit("red", {}))), /; export it --to onnx$/);
    says(peft(lowered(edit("loreft"), { kind: "lora", blocks: "all", rank: 1 })), /; export it --to onnx$/);
    says(peft(lowered(edit("loreft", { rank: 1, activation: "relu" }))), /; export it --to onnx$/);
    says(
      () => mergeSites(lowered(edit("loreft", { rank: 1 }, "mlp.output")), architecture),
      /, or export it --to onnx$/,
    );
    says(() => mergeSites(lowered(edit("loreft")), architecture), /not a projection's output; .*; otherwise export it/);
    const both = lowered(edit("loreft", { rank: 1 }, "mlp.output"), edit("gatedDirection", {}, "mlp.output"));
    says(() => mergeSites(both, architecture), /gatedDirection of mlp\.output is not an affine map/);
    const head = lowered({ kind: "classification", labels: ["a", "b"], frozen: false, fresh: false });
    assert.equal(onnxInstead({ architecture, adaptations: head }), "evaluate it in a pipeline, as in saved(folder)");
  }));

Deno.test("a model with an encoder is not advised to be exported to ONNX", () =>
  withTiny(tinyT5Config, ({ architecture }, lowered) => {
    const adaptations = lowered({
      ...edit("loreft", { rank: 1 }, "mlp.output"),
      at: { stack: "encoder", blocks: [1], site: "mlp.output" },
    });
    assert.throws(
      () => mergeSites(adaptations, architecture),
      (fault) => assertOneLine(fault, /, or evaluate it in a pipeline, as in saved\(folder\)$/),
    );
  }));
