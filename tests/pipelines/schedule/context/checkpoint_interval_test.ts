import assert from "node:assert/strict";
import { CheckpointTimer } from "../../../../pipelines/schedule/context/checkpoint_interval.ts";

const measured = () => Promise.resolve();

Deno.test("a checkpoint is due when its interval is over", () => {
  assert.ok(new CheckpointTimer({ seconds: 0, share: 1 }, 0).isDue);
  assert.ok(!new CheckpointTimer({ seconds: 60, share: 1 }, 0).isDue);
});

Deno.test("a checkpoint whose writing is expected to take more than its share is not due until a measurement shows otherwise", async () => {
  const timer = new CheckpointTimer({ seconds: 0, share: 0.5 }, 1e13);
  assert.ok(!timer.isDue, "1e13 bytes take hours");
  await timer.measure(measured);
  while (!timer.isDue) await new Promise((resolve) => setTimeout(resolve, 1));
});

Deno.test("a failure to write is thrown and not measured", async () => {
  const timer = new CheckpointTimer({ seconds: 0, share: 0.5 }, 1e13);
  await assert.rejects(timer.measure(() => Promise.reject(new TypeError("full"))), /full/);
  assert.ok(!timer.isDue);
});
