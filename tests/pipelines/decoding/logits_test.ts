import assert from "node:assert/strict";
import { createRandom } from "../../../pipelines/data/random.ts";
import {
  banNgrams,
  draw,
  keepLikely,
  logSoftmax,
  penalizeRepetition,
  type Sampling,
} from "../../../pipelines/decoding/logits.ts";
import { torchTopk } from "../../../pipelines/decoding/torch_topk.ts";

const logits = Float32Array.from([0.1, 0.4, 0.2, 0.3], Math.log);

/** How often each token is drawn. */
function shares(sampling: Partial<Sampling>): number[] {
  const random = createRandom(1, "draw"), counts = [0, 0, 0, 0], draws = 20_000;
  for (let at = 0; at < draws; at++) counts[draw(logits, { temperature: 1, topK: 0, topP: 1, ...sampling }, random)]!++;
  return counts.map((count) => count / draws);
}

/** The standard deviation of a share is at most 0.0036. */
function assertShares(found: readonly number[], expected: readonly number[]): void {
  found.forEach((share, token) => {
    if (expected[token] === 0) assert.equal(share, 0);
    assert.ok(Math.abs(share - expected[token]!) < 0.015, `token ${token} has ${share} and not ${expected[token]}`);
  });
}

Deno.test("draw() follows the probabilities", () => assertShares(shares({}), [0.1, 0.4, 0.2, 0.3]));

Deno.test("draw() sharpens with a temperature below 1", () => {
  const squares = [0.01, 0.16, 0.04, 0.09];
  assertShares(shares({ temperature: 0.5 }), squares.map((square) => square / 0.3));
});

Deno.test("draw() keeps the k likeliest tokens", () => assertShares(shares({ topK: 2 }), [0, 4 / 7, 0, 3 / 7]));

Deno.test("draw() keeps the tokens up to a cumulative probability", () => {
  assertShares(shares({ topP: 0.65 }), [0, 4 / 7, 0, 3 / 7]);
  assertShares(shares({ topP: 0.75 }), [0, 4 / 9, 2 / 9, 3 / 9]);
  assertShares(shares({ topP: 0 }), [0, 1, 0, 0]);
});

Deno.test("draw() renormalizes after top-k before top-p", () => {
  assertShares(shares({ topK: 3, topP: 0.75 }), [0, 4 / 7, 0, 3 / 7]);
});

Deno.test("penalizeRepetition() makes seen tokens less likely once, whatever the sign", () => {
  const penalized = penalizeRepetition(Float32Array.of(2, -2, 2, -2), [0, 1, 0], 2);
  assert.deepEqual([...penalized], [1, -4, 2, -2]);
});

Deno.test("logSoftmax() is accurate for large logits", () => {
  const found = logSoftmax(Float32Array.of(1000, 1000));
  found.forEach((likelihood) => assert.ok(Math.abs(likelihood + Math.LN2) < 1e-9));
});

Deno.test("banNgrams() bans tokens that would repeat an n-gram", () => {
  const banned = (seen: readonly number[], size: number) =>
    [...banNgrams(new Float32Array(6), seen, size).entries()].filter(([, logit]) => logit === -Infinity).map(([at]) =>
      at
    );
  assert.deepEqual(banned([1, 2, 3, 1, 2], 3), [3]);
  assert.deepEqual(banned([1, 2, 3, 1, 2, 4, 1, 2], 3), [3, 4]);
  assert.deepEqual(banned([1, 2, 1], 2), [2]);
  assert.deepEqual(banned([1, 2, 1], 1), [1, 2]);
  assert.deepEqual(banned([1, 1, 1], 2), [1]);
  assert.deepEqual(banned([1, 2], 3), [], "too short");
  assert.deepEqual(banned([1, 2, 1], 0), [], "any may be repeated");
});

Deno.test("keepLikely() applies top-k with ties and then top-p, and keeps a minimum number of tokens", () => {
  const kept = (logits: readonly number[], sampling: Partial<Sampling>, least: number) => {
    const found = keepLikely(Float32Array.from(logits), { temperature: 1, topK: 0, topP: 1, ...sampling }, least);
    return [...found.entries()].filter(([, logit]) => logit > -Infinity).map(([token]) => token);
  };
  const shares = [0.1, 0.4, 0.2, 0.3].map(Math.log);
  assert.deepEqual(kept([1, 2, 2, 0], { topK: 1 }, 1), [1, 2]);
  assert.deepEqual(kept(shares, { topK: 1 }, 2), [1, 3]);
  assert.deepEqual(kept(shares, { topP: 0.75 }, 2), [1, 2, 3]);
  assert.deepEqual(kept(shares, { topP: 0.1 }, 2), [1, 3]);
  assert.deepEqual(kept(shares, { topP: 0.6, topK: 3 }, 1), [1, 3]);
  assert.deepEqual([...keepLikely(Float32Array.of(1, -2), { temperature: 0.5, topK: 0, topP: 1 }, 1)], [2, -4]);
});

Deno.test("torchTopk() breaks ties like torch.topk", () => {
  const values = new Float32Array(600);
  values.set([0.25, 0.5], 300);
  // torch.topk(values, 8), torch 2.15.0 on a CPU.
  assert.deepEqual(torchTopk(values, 8), [301, 300, 7, 1, 4, 3, 5, 0]);
});
