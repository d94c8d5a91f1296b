import assert from "node:assert/strict";
import {
  linearScale,
  logarithmicScale,
  logarithmicTicks,
  ticksAround,
  ticksBetween,
} from "../../../../pipelines/report/page/scales.ts";

Deno.test("linearScale() maps a range to pixels in either direction, and one value to the middle", () => {
  const down = linearScale([0, 4], [280, 12]);
  assert.deepEqual([0, 2, 4, 5].map(down), [280, 146, 12, -55]);
  assert.equal(linearScale([3, 3], [0, 100])(3), 50);
});

Deno.test("ticksBetween() returns round numbers, the first and the last of which bracket the values", () => {
  assert.deepEqual(ticksBetween(0, 1).ticks, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksBetween(1, 149).ticks, [0, 50, 100, 150]);
  assert.deepEqual(ticksBetween(-0.3, 0.7).ticks, [-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8]);
  assert.deepEqual(ticksBetween(0, 5000).ticks, [0, 1000, 2000, 3000, 4000, 5000]);
  assert.deepEqual(ticksBetween(2, 2), { range: [2, 2.05], ticks: [2, 2.05] });
  for (let seed = 1; seed < 200; seed++) {
    const least = Math.sin(seed) * 10 ** (seed % 7 - 3), most = least + Math.abs(Math.cos(seed)) * 10 ** (seed % 5 - 2);
    const { range, ticks } = ticksBetween(least, most);
    assert.deepEqual([range[0], range[1]], [ticks[0], ticks.at(-1)]);
    assert.ok(range[0] <= least + 1e-9 && range[1] >= most - 1e-9, `${least} to ${most}: ${ticks}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, String(ticks));
  }
});

Deno.test("ticksAround() starts at 0 if the values are spread out, and zooms in if they are close together", () => {
  assert.deepEqual(ticksAround([0.1, 0.9]).range, [0, 1]);
  assert.deepEqual(ticksAround([0.93, 0.95, 0.96]).range, [0.93, 0.96]);
  assert.deepEqual(ticksAround([-3, 2]).range, [-3, 2]);
  assert.deepEqual(ticksAround([]), { range: [0, 1], ticks: [0, 1] });
});

Deno.test("the ticks of a logarithmic axis bracket its values", () => {
  assert.deepEqual(logarithmicTicks([64, 1028, 4096]).ticks, [50, 100, 200, 500, 1000, 2000, 5000]);
  assert.deepEqual(logarithmicTicks([3, 2_000_000]).ticks, [2, 10, 100, 1000, 1e4, 1e5, 1e6, 2e6]);
  assert.deepEqual(logarithmicTicks([100, 100]).range, [100, 200]);
  const place = logarithmicScale([10, 1000], [0, 100]);
  assert.deepEqual([10, 100, 1000].map((value) => Math.round(place(value))), [0, 50, 100]);
});
