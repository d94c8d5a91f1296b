import assert from "node:assert/strict";
import { assertClose, onlyMember } from "../support.ts";

const still = { batchSize: "8", epochs: "2", heldOut: "rows", metrics: "[loss()]" };

Deno.test("labels are smoothed only in training, and not at 0", async () => {
  const parts = { ...still, optimizer: "adamw({ learningRate: 0 })" };
  const plain = await onlyMember(parts);
  const smoothed = await onlyMember({ ...parts, trainSettings: "labelSmoothing: 0.1" });
  assert.equal(smoothed.metrics["loss"], plain.metrics["loss"]);
  assert.notEqual(smoothed.losses[0], plain.losses[0]);
  const none = await onlyMember({ ...parts, trainSettings: "labelSmoothing: 0" });
  assert.deepEqual(none.losses, plain.losses);
});

Deno.test("label smoothing with accumulated gradients equals that of one batch", async () => {
  const parts = { ...still, trainSettings: "labelSmoothing: 0.2" };
  const whole = await onlyMember(parts);
  const parted = await onlyMember({
    ...parts,
    batchSize: "2",
    trainSettings: "labelSmoothing: 0.2, gradientAccumulation: 4",
  });
  assertClose(parted.losses, whole.losses, 1e-5);
  assert.ok(whole.losses[1]! < whole.losses[0]!);
});
