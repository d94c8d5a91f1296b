import assert from "node:assert/strict";
import { weightsFor } from "../../../../pipelines/schedule/prepare/model_weights.ts";
import { batched, batchedTensors, ownTensors } from "../../../../pipelines/schedule/train/batched_members.ts";
import { batchingKey, mostBatched } from "../../../../pipelines/schedule/train/batching.ts";
import { type TrainJob, trainJobOf } from "../../../../pipelines/schedule/train/train_job.ts";
import type { PipelineParts } from "../../../support/scene.ts";
import { inPreparedScene } from "../prepared.ts";

/** The jobs of a scene's trainings. */
async function inJobs(
  parts: Partial<PipelineParts>,
  test: (jobs: readonly TrainJob[]) => void | Promise<void>,
): Promise<void> {
  await inPreparedScene(parts, async ({ runContext, trainings }) => {
    const jobs: TrainJob[] = [];
    for (const stage of trainings) jobs.push(await trainJobOf(runContext, stage, await weightsFor(runContext, stage)));
    await test(jobs);
  });
}

const scalar = (value: number) => ({ data: Float32Array.of(value), shape: [1] });
const ranks = { rank: `sweep("rank", [1, 2])` }, context = { activationMemory: Infinity };

Deno.test("the tensors of batched trainings are numbered consecutively and separated again", () =>
  inJobs(ranks, (jobs) => {
    const own = [{ "0.bias": scalar(1), "first.0.bias": scalar(2) }, {
      "0.bias": scalar(3),
      "first.0.bias": scalar(4),
    }];
    const all = batchedTensors(jobs, own);
    assert.deepEqual(Object.keys(all), ["0.bias", "first.0.bias", "1.bias", "first.1.bias"]);
    assert.deepEqual(jobs.map((_, at) => ownTensors(jobs, at, all)), own);
  }));

Deno.test("batched trainings have one program with the parameters of all, a single one its own", () =>
  inJobs(ranks, async (jobs) => {
    const { programs, compiled, initial } = await batched(context, jobs);
    assert.equal(programs.parameters.length, jobs.flatMap((job) => job.programs.parameters).length);
    assert.deepEqual(compiled.members.flat().map(({ index }) => index), [0, 1]);
    assert.deepEqual(Object.keys(initial).map((name) => name[0]), ["0", "0", "0", "1", "1", "1"]);
    assert.equal((await batched(context, jobs.slice(0, 1))).programs, jobs[0]!.programs);
  }));

const pairs: Readonly<Record<string, readonly [parts: Partial<PipelineParts>, isBatched: boolean]>> = {
  ranks: [ranks, true],
  "learning rates": [{ optimizer: `adamw({ learningRate: sweep("rate", [1e-2, 1e-3]) })` }, false],
  seeds: [{ trainSettings: `seed: sweep("seed", [1, 2])` }, false],
  rows: [{ data: `sweep("data", [rows.take(2), rows.take(3)])` }, false],
};

for (const [name, [parts, isBatched]] of Object.entries(pairs)) {
  Deno.test(`trainings of different ${name} are ${isBatched ? "" : "not "}batched`, () =>
    inJobs(parts, (jobs) => {
      const [first, second] = jobs.map(batchingKey);
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(first === second, isBatched);
      assert.ok(mostBatched(jobs[0]!) > 1);
    }));
}

Deno.test("a training that reads the prompt's first tokens is never batched", () =>
  inJobs({ positions: `"f1"` }, ([job]) => assert.equal(batchingKey(job!), undefined)));
