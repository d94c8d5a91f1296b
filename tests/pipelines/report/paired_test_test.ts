/** Comparisons of paired values, checked against SciPy and NumPy. @module */
import assert from "node:assert/strict";
import { compare, meanOf, signFlipTest, standardErrorOf } from "../../../pipelines/report/paired_test.ts";
import golden from "../../goldens/paired_test.json" with { type: "json" };

function near(found: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} where ${expected} is expected`);
}

Deno.test("signFlipTest() matches SciPy's p-values, exactly if all signs are tried", () => {
  for (const { differences, p, isExact } of golden.signFlips) {
    // A million draws have a standard error of √(p(1 − p) / 10⁶).
    near(signFlipTest(differences), p, isExact ? 1e-12 : 4e-3 * Math.sqrt(p * (1 - p)) + 2e-3 * p);
  }
});

Deno.test("signFlipTest() of right and wrong answers matches McNemar's exact test", () => {
  for (const { differences, p } of golden.mcNemar) near(signFlipTest(differences), p, 1e-12);
});

Deno.test("signFlipTest() finds nothing without differences, and is exact for rates over repetitions", () => {
  assert.equal(signFlipTest([0, 0, 0]), 1);
  assert.equal(signFlipTest([]), 1);
  assert.equal(signFlipTest([0.3]), 1);
  // With 40 equal differences, two of the 2⁴⁰ sign assignments are as extreme.
  near(signFlipTest(Array.from({ length: 40 }, () => 1 / 3)), 2 / 2 ** 40, 1e-18);
});

Deno.test("the normal approximation of very many differences agrees with the exact probability", () => {
  const many = Array.from({ length: 9000 }, (_, at) => at % 100 < 51 ? 1 : -1);
  const z = 180 / Math.sqrt(9000);
  assert.ok(z > 1.89 && z < 1.9);
  near(signFlipTest(many), 0.0578, 2e-4);
  near(signFlipTest(Array.from({ length: 20_000 }, (_, at) => at % 100 < 55 ? 1 : -1)), 2.0884875837625446e-45, 1e-55);
});

Deno.test("standardErrorOf() accounts for rows and seeds, matching a two-way layout in NumPy", () => {
  for (const { values, mean, standardError } of golden.twoWay) {
    near(meanOf(values), mean, 1e-12);
    near(standardErrorOf(values), standardError, 1e-12);
  }
  // For one repetition it is SD/√n.
  near(standardErrorOf([[1, 0, 0, 0]]), 0.25, 1e-12);
});

Deno.test("compare() attributes a difference to chance if seeds differ as much, or if many comparisons were made", () => {
  const right = (count: number) => Array.from({ length: 40 }, (_, row) => Number(row < count));
  const clear = compare([right(20)], [right(8)]);
  assert.deepEqual([clear.isDistinguishable, clear.differing], [true, 12]);
  near(clear.difference, 0.3, 1e-12);
  // One seed learned and the other did not.
  assert.equal(compare([right(32), right(8)], [right(8)]).isDistinguishable, false);
  assert.equal(compare([right(32), right(31)], [right(8)]).isDistinguishable, true);
  const [alone, among] = [1, 16].map((tests) => compare([right(14)], [right(8)], tests)) as [
    typeof clear,
    typeof clear,
  ];
  assert.deepEqual([alone.isDistinguishable, among.isDistinguishable, among.p], [true, false, 16 * alone.p]);
});
