import assert from "node:assert/strict";
import { adamw, baseModel, block, classification, loreft, records, train } from "refract";
import type { MemberStage } from "../../../../pipelines/schedule/expand/member.ts";
import { TrainingNames } from "../../../../pipelines/schedule/prepare/training_names.ts";
import type { Resolved, TrainSpec } from "../../../../pipelines/spec/mod.ts";

const data = records([{ q: "a", a: "b" }], { prompt: "{q}", completion: "{a}" });
const base = baseModel("./model"), optimizer = adamw({ learningRate: 1e-3 });

function training(rank: number, seed = 1, ...more: readonly ReturnType<typeof classification>[]): Resolved<TrainSpec> {
  const edited = base.with(loreft({ at: block(0).output, positions: "l1", rank }), ...more);
  return train(edited, { data, epochs: 1, batchSize: 1, optimizer, seed }) as Resolved<TrainSpec>;
}

const evaluation = (model: Resolved<TrainSpec>): MemberStage => ({ kind: "evaluate", model, data, metrics: [] });

Deno.test("a training that is a stage has the stage's name wherever it is used, and others are named by what they train", () => {
  const one = training(1), other = training(2);
  const names = new TrainingNames([["dev", evaluation(one)], ["tuned", one], ["test", evaluation(other)]]);
  assert.deepEqual([names.of(one), names.of(other), names.of(training(1))], ["tuned", "loreft", "tuned"]);
});

Deno.test("no two stages have one name: rank and positions, then numbers distinguish trainings", () => {
  const seeds = [1, 2, 3].map((seed) => training(4, seed));
  const names = new TrainingNames([["loreft", evaluation(seeds[0]!)]]);
  assert.deepEqual(seeds.map((spec) => names.of(spec)), ["loreft-r4-l1", "loreft-r4-l1-2", "loreft-r4-l1-3"]);
});

Deno.test("a frozen head is not part of a training's name", () => {
  const names = new TrainingNames([]), labels = ["x", "y"];
  assert.deepEqual([
    names.of(training(1, 1, classification({ labels, frozen: true }))),
    names.of(training(1, 1, classification({ labels }))),
  ], [
    "loreft",
    "loreft+classification",
  ]);
});
