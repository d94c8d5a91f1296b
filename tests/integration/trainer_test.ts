/**
 * Trainings of all weights compared with transformers' Trainer step by step: over the same rows in the same order every
 * loss agrees within 1e-4, and the gradient norms of the first eight steps within 1e-3; later ones accumulate rounding
 * errors. Trainer's results are in goldens/trainer.json, so that neither torch nor transformers need be installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  adafactor,
  adamw,
  baseModel,
  constantSchedule,
  cosineSchedule,
  fullFinetuning,
  inverseSqrtSchedule,
  jsonl,
  linearSchedule,
  pipeline,
  polynomialSchedule,
  sgd,
  train,
  type TrainOptions,
} from "refract";
import { inFolder } from "../pipelines/models/support.ts";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import { sharedFolder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";
import golden from "../goldens/trainer.json" with { type: "json" };

const usual = { epochs: 2, batchSize: 8, maxGradNorm: 1 };

/** Refract's settings for each training of make_trainer.py. */
const trainings: Readonly<Record<keyof typeof golden.trainings, Omit<TrainOptions, "data">>> = {
  "cosine, clipped, with decay": {
    ...usual,
    maxGradNorm: 0.5,
    optimizer: adamw({
      learningRate: 1e-3,
      weightDecay: 0.1,
      decay: "weights",
      schedule: cosineSchedule({ warmup: 0.1 }),
    }),
  },
  "polynomial": {
    ...usual,
    optimizer: adamw({ learningRate: 1e-3, schedule: polynomialSchedule({ power: 2, end: 1e-5, warmupSteps: 3 }) }),
  },
  "linear over microbatches": {
    ...usual,
    epochs: 4,
    batchSize: 4,
    gradientAccumulation: 4,
    lossReduction: "microbatches",
    optimizer: adamw({ learningRate: 1e-3, schedule: linearSchedule({ warmup: 0.2 }) }),
  },
  "inverse square root, adafactor": {
    ...usual,
    optimizer: adafactor({
      learningRate: 1e-3,
      scaleParameter: false,
      schedule: inverseSqrtSchedule({ warmupSteps: 4 }),
    }),
  },
  "constant, sgd": {
    ...usual,
    optimizer: sgd({ learningRate: 0.1, schedule: constantSchedule({ warmupSteps: 2 }) }),
  },
  "smoothed labels": {
    ...usual,
    labelSmoothing: 0.1,
    optimizer: adamw({ learningRate: 1e-3, schedule: linearSchedule() }),
  },
};

/** The largest relative difference. */
function worstOf(found: readonly number[], expected: readonly number[]): number {
  assert.equal(found.length, expected.length);
  return Math.max(...expected.map((value, step) => Math.abs(found[step]! / value - 1)));
}

const shared = sharedFolder();

for (const [name, { losses, gradientNorms }] of Object.entries(golden.trainings)) {
  Deno.test({
    name: `a training of all weights follows Trainer's: ${name}`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (folder) => {
        const rows = jsonl(join(shared!, "data", "arc_easy.train.jsonl"), {
          prompt: "{instruction}\n",
          completion: "{output}",
        });
        const model = baseModel(join(shared!, "models", "stories260k")).with(fullFinetuning());
        const settings = trainings[name as keyof typeof trainings];
        const [member] = await runIn(
          folder,
          folder,
          pipeline("trainer", () => ({
            tuned: train(model, { ...settings, data: rows.take(golden.rows), shuffle: false }),
          })),
        );
        const [found] = ofKind(member!.stages, "train");
        const norms = found!.gradientNorms ?? [], early = (list: readonly number[]) => list.slice(0, 8);
        const worst = worstOf(found!.losses, losses), worstNorm = worstOf(early(norms), early(gradientNorms));
        console.log(
          `${losses.length} steps of ${name}: largest relative difference ${worst.toExponential(1)} of a loss, ` +
            `${worstNorm.toExponential(1)} of a norm of the first eight`,
        );
        assert.ok(losses.length >= 16);
        assert.equal(norms.length, losses.length);
        assert.ok(worst <= 1e-4, `a loss is off by ${worst}`);
        assert.ok(worstNorm <= 1e-3, `a norm is off by ${worstNorm}`);
      }),
  });
}
