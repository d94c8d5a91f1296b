import assert from "node:assert/strict";
import { readPredictions } from "../../../../pipelines/schedule/evaluate/predict.ts";
import type { PreparedEvaluation } from "../../../../pipelines/schedule/prepare/prepared.ts";
import { inPreparedScene } from "../prepared.ts";

/** Prepares the evaluation of a head on labelled rows. */
async function inHeaded(
  head: string,
  labels: readonly string[],
  test: (stage: PreparedEvaluation) => void,
): Promise<void> {
  const rows = JSON.stringify(labels.map((label, at) => ({ text: `row ${at}`, label })));
  const data = `records(${rows}, { text: "{text}", label: "{label}" })`;
  const stages = `{ told: evaluate(base.with(refract.${head}), { data: ${data}, metrics: [loss()] }) }`;
  await inPreparedScene({ stages }, ({ members: [member] }) => {
    const [stage] = member!.stages;
    assert.ok(stage?.kind === "evaluate");
    test(stage);
  });
}

Deno.test("the predicted class is the likeliest, with all probabilities and the loss of the row's class", () =>
  inHeaded(`classification({ labels: ["no", "yes"] })`, ["yes", "no"], (stage) => {
    const { predictions, predicted } = readPredictions(stage, [[0, Math.log(3)], [1000, 0]]);
    const [first, second] = predictions;
    assert.deepEqual([first!.prediction, first!.completion], ["yes", "yes"]);
    assert.deepEqual(first!.probabilities, { no: 0.25, yes: 0.75 });
    assert.ok(Math.abs(first!.loss! - Math.log(4 / 3)) < 1e-12);
    assert.deepEqual([second!.prediction, second!.loss], ["no", 0], "large logits do not overflow");
    assert.equal(predicted.kind, "classes");
    assert.deepEqual(predicted.rows.map(({ expected, predicted }) => [expected, predicted]), [[1, 1], [0, 0]]);
  }));

Deno.test("the predicted number is the head's output, with its squared error", () =>
  inHeaded("regression()", ["2", "0.5"], (stage) => {
    const { predictions, predicted } = readPredictions(stage, [[5], [0.5]]);
    assert.deepEqual(predictions.map(({ completion, prediction, loss }) => [completion, prediction, loss]), [
      ["2", 5, 9],
      ["0.5", 0.5, 0],
    ]);
    assert.equal(predicted.kind, "numbers");
  }));
