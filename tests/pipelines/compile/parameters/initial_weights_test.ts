import assert from "node:assert/strict";
import { initialWeights } from "../../../../pipelines/compile/parameters/initial_weights.ts";

const shapes = new Map([["mlp.weight", [40, 50]], ["norm.weight", [3]], ["near.weight", [1]], ["mlp.bias", [2]]]);
const norms = new Map([["norm.weight", 1], ["near.weight", 0]]);
const model = { architecture: { weights: shapes, norms } };
const weights = { read: (name: string) => Promise.resolve(Float32Array.from(name, (letter) => letter.charCodeAt(0))) };

Deno.test("initialWeights() without a seed are the model's own", async () => {
  const own = await initialWeights(model, weights);
  assert.deepEqual(Object.keys(own), [...shapes.keys()]);
  assert.deepEqual(own["mlp.bias"], { data: await weights.read("mlp.bias"), shape: [2] });
});

Deno.test("initialWeights() of a seed start norms at the identity, biases at 0 and matrices with a deviation of 0.02", async () => {
  const fresh = await initialWeights(model, weights, 1);
  assert.deepEqual(fresh["norm.weight"], { data: Float32Array.of(1, 1, 1), shape: [3] });
  assert.deepEqual(fresh["near.weight"], { data: Float32Array.of(0), shape: [1] });
  assert.deepEqual(fresh["mlp.bias"], { data: new Float32Array(2), shape: [2] });
  const { data, shape } = fresh["mlp.weight"]!, numbers = Array.from(data, Number);
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const deviation = Math.sqrt(numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / numbers.length);
  assert.deepEqual(shape, [40, 50]);
  assert.ok(Math.abs(mean) < 0.002 && Math.abs(deviation - 0.02) < 0.001, `mean ${mean}, deviation ${deviation}`);
});

Deno.test("initialWeights() are equal for equal seeds and differ for others", async () => {
  const [one, again, other] = [
    await initialWeights(model, weights, 1),
    await initialWeights(model, weights, 1),
    await initialWeights(model, weights, 2),
  ];
  assert.deepEqual(one, again);
  assert.notDeepEqual(one["mlp.weight"], other["mlp.weight"]);
});
