/** Numbers parsed as in Python. @module */
import assert from "node:assert/strict";
import { floatOf, lastNumber } from "../../../../pipelines/data/python/numbers.ts";

/** The results of Python 3.11's `float`; `undefined` for a ValueError. */
const floats: readonly (readonly [string, number | undefined])[] = [
  ["1", 1],
  [" 5 \n", 5],
  ["5.", 5],
  [".5", .5],
  ["+.5e-3", 5e-4],
  ["1_000", 1000],
  ["1e1_0", 1e10],
  ["1__0", undefined],
  ["1_", undefined],
  ["_1", undefined],
  ["1_.0", undefined],
  ["1._0", undefined],
  ["1e_1", undefined],
  [".", undefined],
  ["e5", undefined],
  ["", undefined],
  [" ", undefined],
  ["1e400", Infinity],
  ["-inf", -Infinity],
  ["iNfInItY", Infinity],
  ["-NaN", NaN],
  ["in_f", undefined],
  ["infinit", undefined],
  ["0x10", undefined],
  ["1,000", undefined],
  ["1/2", undefined],
  ["\u22125", undefined],
  ["½", undefined],
  ["²", undefined],
  ["１２", 12],
  ["١٢", 12],
  ["१२.५", 12.5],
  // Five sets of digits have consecutive code points.
  ["𝟘𝟡𝟬𝟿", 909],
  ["\u00a07\u3000", 7],
  ["\x857", 7],
  // White space for `str.strip`, but not for `float`.
  ["\x1c7", undefined],
  ["7\x1f\u3000", undefined],
  ["\ufeff7", undefined],
];

Deno.test("floatOf() reads what Python's float reads", () => {
  for (const [text, number] of floats) assert.deepEqual(floatOf(text), number, JSON.stringify(text));
});

Deno.test("lastNumber() finds the last number, ignoring commas", () => {
  for (
    const [text, number] of [
      ["", undefined],
      ["1,234.50 dollars", 1234.5],
      ["3-5", -5],
      ["1e5", 5],
      ["15,15", 1515],
      ["٣.５", 3.5],
      ["-0", -0],
      ["²", undefined],
      ["9".repeat(400), Infinity],
    ] as const
  ) assert.deepEqual(lastNumber(text), number, JSON.stringify(text));
});
