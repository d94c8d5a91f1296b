import assert from "node:assert/strict";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import {
  mostActivations,
  rowsTaken,
  type RunCosts,
  stepCount,
  stepsOf,
  takenRows,
} from "../../../../pipelines/schedule/train/steps.ts";
import type { PreparedTraining } from "../../../../pipelines/schedule/prepare/prepared.ts";
import { exampleOf } from "../../compile/rows/support.ts";
import { inPreparedScene } from "../prepared.ts";

const cheap: RunCosts = { runOverhead: 1e6, activationBytes: 1, contextWeight: 0 };
const rows = [4, 20, 4, 20, 4].map((length) => layOut(exampleOf(length, 1), wholeRows({}, [])));

/** The steps of five rows, with some settings of a training. */
async function stepsWith(settings: Partial<PreparedTraining["spec"]>, programs: RunCosts = cheap) {
  let found: { readonly steps: number[][][]; readonly count: number } | undefined;
  await inPreparedScene({ trainSettings: "shuffle: false" }, ({ trainings: [training] }) => {
    const spec = { ...training!.spec, ...settings };
    found = { steps: stepsOf({ spec, rows, programs }), count: stepCount({ spec, rows }) };
    assert.equal(rowsTaken({ spec, rows }), found.steps.flat(2).length);
  });
  assert.equal(found!.steps.length, found!.count);
  return found!.steps;
}

Deno.test("each epoch takes all rows, one batch per step", async () => {
  assert.deepEqual(await stepsWith({ epochs: 2, batchSize: 3 }), [[[0, 2, 1]], [[4, 3]], [[0, 2, 1]], [[4, 3]]]);
});

Deno.test("a training ends after maxSteps, or before with its epochs", async () => {
  assert.deepEqual(await stepsWith({ epochs: 2, batchSize: 3, maxSteps: 3 }), [[[0, 2, 1]], [[4, 3]], [[0, 2, 1]]]);
  assert.equal((await stepsWith({ epochs: 2, batchSize: 3, maxSteps: 9 })).length, 4);
});

Deno.test("a step accumulates the gradients of several batches", async () => {
  const settings = { epochs: 1, batchSize: 2, gradientAccumulation: 2 };
  assert.deepEqual(await stepsWith(settings), [[[0, 1], [2, 3]], [[4]]]);
});

Deno.test("rows of different length run separately if an additional run costs little", async () => {
  const free = { ...cheap, runOverhead: 0 };
  assert.deepEqual(await stepsWith({ epochs: 1, batchSize: 5 }, free), [[[0, 2, 4], [1, 3]]]);
});

Deno.test("a batch whose activations do not fit the memory runs in parts", async () => {
  const large = { ...cheap, activationBytes: mostActivations / 45 };
  const [step] = await stepsWith({ epochs: 1, batchSize: 5 }, large);
  assert.deepEqual(step!.flat().toSorted(), [0, 1, 2, 3, 4]);
  assert.ok(step!.length > 1 && step!.every((group) => group.length * rows[group.at(-1)!]!.tail.length <= 45));
});

Deno.test("a training that ends within its first epoch takes the rows of its steps, and others take all", async () => {
  await inPreparedScene({ trainSettings: "shuffle: false" }, ({ trainings: [training] }) => {
    const takenIn = (settings: Partial<PreparedTraining["spec"]>) =>
      takenRows({ spec: { ...training!.spec, batchSize: 2, ...settings }, rows });
    assert.deepEqual(takenIn({ epochs: 3, maxSteps: 2 }), [0, 1, 2, 3]);
    assert.deepEqual([takenIn({ epochs: 1 }), takenIn({ epochs: 3, maxSteps: 3 })], [undefined, undefined]);
  });
});
