import assert from "node:assert/strict";
import { widenBfloat16, widenFloat16 } from "../../../../pipelines/models/weights/float16.ts";

Deno.test("widenFloat16() is exact for each of the 65536 numbers, the sign of zero included", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = widenFloat16(bits);
  const view = new DataView(bits.buffer);
  for (let i = 0; i < bits.length; i++) {
    if (!Object.is(wide[i], view.getFloat16(2 * i, true))) assert.fail(`0x${i.toString(16)} became ${wide[i]}`);
  }
});

Deno.test("widenBfloat16() puts the bits in the upper half of a 32-bit float", () => {
  const wide = widenBfloat16(new Uint16Array([0x3f80, 0xbf00, 0x8000, 0x7f80, 0x0001]));
  assert.deepEqual([...wide], [1, -0.5, -0, Infinity, 2 ** -133]);
});
