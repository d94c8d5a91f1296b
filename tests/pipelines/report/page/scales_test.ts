import assert from "node:assert/strict";
import {
  linearScale,
  linearTicks,
  logarithmicRange,
  logarithmicTicks,
} from "../../../../pipelines/report/page/scales.ts";

Deno.test("linearScale() maps a range to pixels in either direction, and one value to the middle", () => {
  const down = linearScale([0, 4], [280, 12]);
  assert.deepEqual([0, 2, 4, 5].map(down), [280, 146, 12, -55]);
  assert.equal(linearScale([3, 3], [0, 100])(3), 50);
});

Deno.test("linearTicks() gives round numbers within the range", () => {
  assert.deepEqual(linearTicks([0, 1]), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(linearTicks([1, 150]), [50, 100, 150]);
  assert.deepEqual(linearTicks([-0.3, 0.7]), [-0.2, 0, 0.2, 0.4, 0.6]);
  assert.deepEqual(linearTicks([0, 9], 2), [0, 5]);
  assert.deepEqual(linearTicks([0, 36]), [0, 10, 20, 30]);
});

Deno.test("linearTicks() of one value gives that value, and steps at powers of ten are exact", () => {
  assert.deepEqual(linearTicks([2, 2]), [2]);
  assert.deepEqual(linearTicks([0, 5000]), [0, 1000, 2000, 3000, 4000, 5000]);
});

Deno.test("the ticks of a logarithmic axis lie within the half decades around its values", () => {
  assert.deepEqual(logarithmicRange([64, 1028, 4096]), [1.5, 4]);
  assert.deepEqual(logarithmicTicks([1.5, 4]), [100, 300, 1000, 3000, 10_000]);
  assert.deepEqual(logarithmicTicks([2, 2.5]), [100, 300]);
});
