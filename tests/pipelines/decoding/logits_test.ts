import assert from "node:assert/strict";
import { createRandom } from "../../../pipelines/data/random.ts";
import { draw, logSoftmax, penalizeRepetition, type Sampling } from "../../../pipelines/decoding/logits.ts";

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

Deno.test("draw() keeps the tokens up to a probability", () => {
  assertShares(shares({ topP: 0.65 }), [0, 4 / 7, 0, 3 / 7]);
  assertShares(shares({ topP: 0.75 }), [0, 4 / 9, 2 / 9, 3 / 9]);
  assertShares(shares({ topP: 0 }), [0, 1, 0, 0]);
});

Deno.test("draw() renormalizes after top-k before top-p", () => {
  assertShares(shares({ topK: 3, topP: 0.75 }), [0, 4 / 7, 0, 3 / 7]);
});

Deno.test("penalizeRepetition() makes what was seen less likely, whatever its sign, once", () => {
  const penalized = penalizeRepetition(Float32Array.of(2, -2, 2, -2), [0, 1, 0], 2);
  assert.deepEqual([...penalized], [1, -4, 2, -2]);
});

Deno.test("logSoftmax() holds for large logits", () => {
  const found = logSoftmax(Float32Array.of(1000, 1000));
  found.forEach((likelihood) => assert.ok(Math.abs(likelihood + Math.LN2) < 1e-9));
});
