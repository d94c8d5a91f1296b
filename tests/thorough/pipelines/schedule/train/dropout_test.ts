import assert from "node:assert/strict";
import type { Adaptation, Intervention } from "../../../../../pipelines/compile/lower/adaptation.ts";
import { dropoutFeeds } from "../../../../../pipelines/compile/rows/dropout.ts";
import type { Feeds } from "../../../../../pipelines/common/host_tensor.ts";
import { lowerEdit } from "../../../../../pipelines/compile/lower/interventions.ts";
import { assertClose, onlyMember } from "../../../../pipelines/schedule/support.ts";

const width = 200, tail = 3;
const sites = { "block.output": { width } };

function pieceOf(dropout: number): Intervention {
  const [lowered] = lowerEdit(
    { kind: "lobireft", at: { blocks: 0, site: "block.output" }, positions: "l1", rank: 1, tied: false, dropout },
    { width, blocks: 1, sites },
  );
  return { index: 0, ...lowered! };
}

const masks: Feeds = { "positions.l1.both": { data: Float32Array.of(0, 0, 1, 0, 1, 0), shape: [2, tail, 1] } };

function drawn(pieces: readonly Adaptation[], step: number, rows: readonly number[]): Float32Array {
  return dropoutFeeds([pieces], { seed: 42, step, rows, tail }, masks)["dropout.0"]!.data as Float32Array;
}

const tokenOf = (data: Float32Array, token: number) => data.subarray(token * width, (token + 1) * width);

Deno.test("dropout annuls its share of the channels of edited tokens and leaves other tokens whole", () => {
  const data = drawn([pieceOf(0.25)], 0, [5, 9]);
  for (const token of [0, 1, 3, 5]) assert.ok(tokenOf(data, token).every((factor) => factor === 1));
  for (const token of [2, 4]) {
    const factors = tokenOf(data, token), zeros = factors.filter((factor) => factor === 0).length;
    assert.ok(factors.every((factor) => factor === 0 || factor === Math.fround(4 / 3)));
    assert.ok(Math.abs(zeros / width - 0.25) < 0.1, `${zeros} of ${width}`);
  }
});

Deno.test("dropout draws for a row by step and row, not by its neighbours", () => {
  const piece = [pieceOf(0.5)];
  const alone = (row: number, step: number) => {
    const data = dropoutFeeds([piece], { seed: 42, step, rows: [row], tail }, {
      "positions.l1.both": { data: Float32Array.of(0, 0, 1), shape: [1, tail, 1] },
    })["dropout.0"]!.data as Float32Array;
    return [...tokenOf(data, 2)];
  };
  assert.deepEqual([...tokenOf(drawn(piece, 3, [5, 9]), 2)], alone(5, 3));
  assert.deepEqual(alone(5, 3), alone(5, 3));
  assert.notDeepEqual(alone(5, 3), alone(5, 4));
  assert.notDeepEqual(alone(5, 3), alone(6, 3));
});

const still = { batchSize: "8", epochs: "1", heldOut: "rows", metrics: "[loss()]" };

Deno.test("an edit's dropout takes of the whole representation in training and of nothing in evaluation", async () => {
  // From a bias of 0 LobiReFT changes nothing, so whatever differs is dropout's work.
  const parts = { ...still, edit: "refract.lobireft", optimizer: "adamw({ learningRate: 0 })" };
  const plain = await onlyMember(parts);
  const dropped = await onlyMember({ ...parts, editSettings: "dropout: 0.5" });
  assert.equal(dropped.metrics["loss"], plain.metrics["loss"]);
  assertClose(plain.losses, [plain.metrics["loss"]!], 2e-6);
  assert.ok(Math.abs(dropped.losses[0]! / plain.losses[0]! - 1) > 1e-3);
});

const edits = {
  "an edit": "...((options) => [loreft({ ...options, positions: 'f1+l2', dropout: 0.2 })])",
  "an edit of the last norm": "...((options) => [loreft({ ...options, at: finalNorm.output, dropout: 0.2 })])",
  "an edit of one head":
    "...((options) => [loreft({ ...options, at: block(1).attention.head(1).output, dropout: 0.2 })])",
  "lora": "...(() => [lora({ rank: 2, dropout: 0.2 })])",
  "dora": "...(() => [refract.dora({ rank: 2, dropout: 0.2 })])",
};

for (const [label, edit] of Object.entries(edits)) {
  Deno.test(`training ${label} with dropout repeats, learns, and accumulates as in one batch`, async () => {
    const parts = { ...still, edit, epochs: "6" };
    const large = await onlyMember(parts);
    assert.deepEqual((await onlyMember(parts)).losses, large.losses);
    const accumulated = await onlyMember({ ...parts, batchSize: "2", trainSettings: "gradientAccumulation: 4" });
    assertClose(accumulated.losses, large.losses, 1e-5);
    const other = await onlyMember({ ...parts, trainSettings: "seed: 7, shuffle: false" });
    assert.notDeepEqual(other.losses, large.losses);
    const untrained = await onlyMember({ ...parts, optimizer: "adamw({ learningRate: 0 })" });
    assert.ok(large.metrics["loss"]! < untrained.metrics["loss"]!);
  });
}
