/** Trainings in the store: checkpoints while they run, then their results. */
import assert from "node:assert/strict";
import { findCheckpoint, putCheckpoint, removeCheckpoint } from "../../../../pipelines/schedule/train/checkpoint.ts";
import { findTrained, storeTrained } from "../../../../pipelines/schedule/train/trained.ts";
import { Store } from "../../../../pipelines/store/store.ts";
import { test } from "../../store/support.ts";

const key = "c".repeat(64);
const content = {
  tensors: {
    "0.bias": { data: Float32Array.of(1, -0.1), shape: [2] },
    "first.0.bias": { data: Float32Array.of(3), shape: [1] },
  },
  losses: [0.5, 0.1 + 0.2],
  gradientNorms: [1.5, 0.25],
  stepSeconds: [1, 2],
};
const encoding = { key: "e", cached: false, seconds: 1, examples: 2, tokens: 3, bytes: 4 };

test("a checkpoint is found unchanged until it is removed", async (folder) => {
  const store = new Store(folder);
  assert.equal(await findCheckpoint(store, key), undefined);
  await putCheckpoint(store, key, content);
  assert.deepEqual(await findCheckpoint(store, key), content);
  removeCheckpoint(store, key);
  assert.equal(await findCheckpoint(store, key), undefined);
});

test("a checkpoint in another format is ignored", async (folder) => {
  const store = new Store(folder);
  await store.put("checkpoint", key, (entry) => entry.declare({ tensors: [], metadata: { form: "0" } }));
  assert.equal(await findCheckpoint(store, key), undefined);
});

test("a result is found with its encoding, and its checkpoint is gone", async (folder) => {
  const store = new Store(folder);
  await putCheckpoint(store, key, content);
  await storeTrained(store, key, { ...content, cached: false, encoding });
  assert.equal(await findCheckpoint(store, key), undefined);
  const { seconds, ...found } = (await findTrained(store, key))!;
  assert.deepEqual(found, { ...content, cached: true, encoding });
  assert.ok(seconds >= 0);
});

test("the checkpoint of a run that died is removed when the result is read", async (folder) => {
  const store = new Store(folder);
  await storeTrained(store, key, { ...content, cached: false, encoding: undefined });
  await putCheckpoint(store, key, content);
  assert.equal((await findTrained(store, key))?.encoding, undefined);
  assert.equal(await findCheckpoint(store, key), undefined);
});
