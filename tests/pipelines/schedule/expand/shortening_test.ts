import assert from "node:assert/strict";
import { activations, adamw, baseModel, block, evaluate, exactMatch, loreft, records, train } from "refract";
import type { MemberStage } from "../../../../pipelines/schedule/expand/member.ts";
import { Axes } from "../../../../pipelines/schedule/expand/axes.ts";
import { isStageKind, shortened } from "../../../../pipelines/schedule/expand/shortening.ts";
import type { StageSpec } from "../../../../pipelines/spec/mod.ts";

const data = records([{ q: "a", a: "b" }], { prompt: "{q}", completion: "{a}" });
const edited = baseModel("./model").with(loreft({ at: block(0).output, positions: "l1", rank: 1 }));
const training = train(edited, { data, epochs: 6, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) });
const stages: Readonly<Record<StageSpec["kind"], StageSpec>> = {
  train: training,
  evaluate: evaluate(training, { data, metrics: [exactMatch()] }),
  activations: activations(training, { data, positions: "l1", logits: true }),
};

const resolved = (stage: StageSpec): MemberStage => {
  return new Axes(stage, new Map(), new Map()).resolve(stage, new Map(), new Map());
};
const epochsOf = (stage: MemberStage) => {
  return stage.kind === "train" ? stage.epochs : stage.model.kind === "train" ? stage.model.epochs : undefined;
};

for (const [kind, stage] of Object.entries(stages)) {
  Deno.test(`a stage of the kind ${kind} is shortened to a share of its training's epochs, at least one`, () => {
    assert.ok(isStageKind(kind));
    assert.deepEqual([1, 0.5, 0.01].map((share) => epochsOf(shortened(resolved(stage), share))), [6, 3, 1]);
  });
}

Deno.test("a stage without a training has nothing to shorten, and other kinds are not stages", () => {
  const stage = resolved(evaluate(baseModel("./model"), { data, metrics: [exactMatch()] }));
  assert.deepEqual(shortened(stage, 0.5), stage);
  assert.ok(!isStageKind("pipeline") && !isStageKind(undefined) && !isStageKind("toString"));
});

Deno.test("a shortened training keeps the checkpoints of epochs that it reaches", () => {
  const options = { data, epochs: 6, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) };
  const kept = train(edited, { ...options, checkpoints: [1, 3, 6] });
  const checkpointsOf = (share: number) => {
    const stage = shortened(resolved(evaluate(kept.at(1), { data, metrics: [exactMatch()] })), share);
    assert.ok(stage.kind === "evaluate" && stage.model.kind === "checkpoint");
    return [stage.model.training.epochs, stage.model.training.checkpoints];
  };
  assert.deepEqual(checkpointsOf(0.5), [3, [1, 3]]);
  assert.deepEqual(checkpointsOf(1), [6, [1, 3, 6]]);
});
