import assert from "node:assert/strict";
import { decimal, duration, whole } from "../../../../pipelines/report/page/format.ts";

Deno.test("decimal() returns an empty text without a finite number", () => {
  assert.deepEqual([0.12345, -2, undefined, NaN, Infinity].map((value) => decimal(value)), [
    "0.123",
    "-2.000",
    "",
    "",
    "",
  ]);
  assert.equal(decimal(0.12345, 4), "0.1235");
});

Deno.test("whole() separates thousands", () => {
  assert.deepEqual([0, 999, 1028, 1e6].map(whole), ["0", "999", "1,028", "1,000,000"]);
});

Deno.test("duration() switches to minutes from two minutes on", () => {
  assert.deepEqual([0.01234, 119.9, 120, 3725.4].map(duration), ["0.0123 s", "120 s", "2 min 0 s", "62 min 5 s"]);
});
