import assert from "node:assert/strict";
import { rotaryAngles } from "../../../../pipelines/models/inputs/rotary_angles.ts";

Deno.test("rotary angles are those of each token's position, near and far", () => {
  const kinds = { rotary: { inverseFrequencies: [1, 0.1, 0.003], rotaryScale: 1.5 } };
  const starts = [0, 7, 1021, 5000], length = 5, heads = { heads: 1, keyValueHeads: 1, headWidth: 6 };
  const rows = starts.map((start) => ({ tokens: [1, 2, 3, 4, 5], start }));
  const { rotary } = rotaryAngles.fill(kinds, { rows, length, heads, causal: true, past: { width: 0, filled: [0] } });
  const expected = (turn: (angle: number) => number) =>
    starts.flatMap((start) =>
      [0, 1, 2, 3, 4].flatMap((at) => [1, 0.1, 0.003].map((f) => 1.5 * turn((start + at) * f)))
    );
  assert.deepEqual(rotary!.cosines.shape, [4, 5, 3]);
  assert.deepEqual(rotary!.cosines.data, new Float32Array(expected(Math.cos)));
  assert.deepEqual(rotary!.sines.data, new Float32Array(expected(Math.sin)));
});
