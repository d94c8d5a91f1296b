import assert from "node:assert/strict";
import { StoppedError } from "../../../../pipelines/common/errors.ts";
import { inBatches, removeParts } from "../../../../pipelines/schedule/context/resumable_batches.ts";
import type { Emit } from "../../../../pipelines/results/events.ts";
import { Store } from "../../../../pipelines/store/store.ts";
import { test } from "../../store/support.ts";

const rows = { key: "a".repeat(64), purpose: "answer", stage: "tested", lengths: [3, 9, 1, 5, 7], size: 2 } as const;

/** Processes the rows with a store; stops before the batch that begins with the given row. */
function worked(folder: string, stopsBefore?: number) {
  const batches: (readonly number[])[] = [], done: number[] = [];
  const context = {
    store: new Store(folder),
    emit: ((event) => event.kind === "work" && event.done > 0 ? void done.push(event.done) : undefined) as Emit,
    checkpointInterval: { seconds: Infinity, share: 1 },
  };
  const results = inBatches(context, rows, (batch) => {
    if (batch[0] === stopsBefore) throw new StoppedError(130);
    batches.push(batch);
    return Promise.resolve(batch.map((row) => `row ${row}`));
  });
  return { results, batches, done, context };
}

test("batches have rows of similar length, the longest first, and results are in the rows' order", async (folder) => {
  const { results, batches, done } = worked(folder);
  assert.deepEqual([...await results], ["row 0", "row 1", "row 2", "row 3", "row 4"]);
  assert.deepEqual(batches, [[1, 4], [3, 0], [2]]);
  assert.deepEqual(done, [2, 4, 5]);
});

test("stopped work continues after the completed batches, until their results are removed", async (folder) => {
  const stopped = worked(folder, 2);
  await assert.rejects(stopped.results, /at answer 4 of 5 of tested/);
  const resumed = worked(folder);
  assert.deepEqual([...await resumed.results], ["row 0", "row 1", "row 2", "row 3", "row 4"]);
  assert.deepEqual([resumed.batches, resumed.done], [[[2]], [4, 5]]);
  removeParts(resumed.context.store, rows.key);
  const again = worked(folder);
  await again.results;
  assert.equal(again.batches.length, 3);
});
