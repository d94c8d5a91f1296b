import assert from "node:assert/strict";
import { RunError } from "../../../../pipelines/common/errors.ts";
import { weightsFor } from "../../../../pipelines/schedule/prepare/model_weights.ts";
import { findCheckpoint, putCheckpoint } from "../../../../pipelines/schedule/train/checkpoint.ts";
import {
  CheckpointKeeper,
  historyOf,
  resumable,
  stepsDone,
} from "../../../../pipelines/schedule/train/checkpoint_keeper.ts";
import { type TrainJob, trainJobOf } from "../../../../pipelines/schedule/train/train_job.ts";
import type { LoopProgress } from "../../../../pipelines/schedule/train/training_loop.ts";
import { Store } from "../../../../pipelines/store/store.ts";
import { inPreparedScene, type PreparedScene } from "../prepared.ts";

const always = { seconds: 0, share: Infinity };
const state = { "0.bias": { data: Float32Array.of(1), shape: [1] } };
const afterSteps = (...losses: readonly number[]): Omit<LoopProgress, "parameters"> => {
  return {
    losses: [losses],
    gradientNorms: [losses.map((loss) => loss / 2)],
    stepSeconds: losses.map(() => 2),
    state: () => state,
  };
};

async function inTraining(test: (job: TrainJob, scene: PreparedScene) => void | Promise<void>): Promise<void> {
  await inPreparedScene({}, async (scene) => {
    const { runContext, trainings: [stage] } = scene;
    await test(await trainJobOf(runContext, stage!, await weightsFor(runContext, stage!)), scene);
  });
}

Deno.test("a checkpoint is kept when it is due, with the losses of all steps", () =>
  inTraining(async (job, { runContext: { store, emit } }) => {
    await putCheckpoint(store, job.key, {
      tensors: state,
      losses: [5, 4],
      gradientNorms: [2.5, 2],
      stepSeconds: [1, 1],
    });
    const training = await resumable(store, job, "main");
    assert.equal(stepsDone(training.checkpoint), 2);
    const keeper = new CheckpointKeeper({ store, emit, checkpointInterval: always }, [training]);
    await keeper.reached(afterSteps(3));
    const kept = { tensors: state, losses: [5, 4, 3], gradientNorms: [2.5, 2, 1.5], stepSeconds: [1, 1, 2] };
    assert.deepEqual(await findCheckpoint(store, job.key), kept);
    assert.equal(await keeper.keep(), 3);
  }));

Deno.test("no checkpoint is kept before it is due, nor while a step holds the state", () =>
  inTraining(async (job, { runContext: { store, emit } }) => {
    const training = await resumable(store, job, "main"), never = { seconds: Infinity, share: 1 };
    const keeper = new CheckpointKeeper({ store, emit, checkpointInterval: never }, [training]);
    await keeper.reached({ ...afterSteps(3), state: () => undefined });
    assert.equal(await keeper.keep(), 0);
    await keeper.reached(afterSteps(3));
    assert.equal(await findCheckpoint(store, job.key), undefined);
    assert.equal(await keeper.keep(), 1);
  }));

Deno.test("a full disk ends the checkpoints with one warning, and not the training", () =>
  inTraining(async (job, { scene, runContext: { emit }, warnings }) => {
    class FullStore extends Store {
      override put(): Promise<void> {
        return Promise.reject(new RunError("the disk is full"));
      }
    }
    const context = { store: new FullStore(scene.path("full")), emit, checkpointInterval: always };
    const keeper = new CheckpointKeeper(context, [await resumable(context.store, job, "main")]);
    await keeper.reached(afterSteps(1));
    await keeper.reached(afterSteps(1, 1));
    assert.deepEqual(warnings, ["the disk is full (the training continues without checkpoints)"]);
  }));

Deno.test("each batched training has its own losses and its share of the seconds", () =>
  inTraining((job) => {
    const trainings = ["a", "b"].map((member) => ({ job, member, checkpoint: undefined }));
    const progress = { losses: [[1, 2], [3, 4]], gradientNorms: [[5, 6], [7, 8]], stepSeconds: [6, 8] };
    assert.deepEqual(historyOf(trainings, 1, progress), { losses: [3, 4], gradientNorms: [7, 8], stepSeconds: [3, 4] });
  }));
