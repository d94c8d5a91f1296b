import assert from "node:assert/strict";
import { inTime } from "../../../../pipelines/common/deadline.ts";
import { RequestError } from "../../../../pipelines/common/errors.ts";

const late = (seconds: number) => new RequestError(`more than ${seconds} s`);

Deno.test("inTime() gives what is done, and throws what it throws", () => {
  assert.equal(inTime(0, late, () => 5), 5);
  assert.equal(inTime(0, late, () => inTime(0, late, () => 6)), 6);
  const own = new RangeError("own");
  assert.throws(() =>
    inTime(0, late, () => {
      throw own;
    }), (error) => error === own);
  assert.equal(inTime(0, late, () => 7), 7);
});

Deno.test("inTime() gives up a pattern that backtracks and a loop that catches everything", () => {
  assert.throws(() => inTime(0, late, () => /^(a+)+$/.test(`${"a".repeat(60)}!`)), /^RequestError: more than \d+ s$/);
  assert.throws(() =>
    inTime(0, late, () => {
      for (;;) {
        try {
          for (;;);
        } catch {
          // Nothing that ends it can be caught.
        }
      }
    }), /^RequestError: more than \d+ s$/);
});
