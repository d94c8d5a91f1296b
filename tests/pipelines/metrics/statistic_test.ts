/** Statistics over rows, with their standard errors. @module */
import assert from "node:assert/strict";
import { estimate, meanOf, wholeOf } from "../../../pipelines/metrics/statistic.ts";

const values = Array.from({ length: 200 }, (_, at) => Math.sin(at) ** 3);
const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length;
const deviation = Math.sqrt(
  mean(values.map((each) => (each - mean(values)) ** 2)) * values.length / (values.length - 1),
);
const expected = deviation / Math.sqrt(values.length);

Deno.test("a mean's standard error is the sample's standard deviation over √n", () => {
  const { value, standardError } = estimate(meanOf((each: number) => each), values);
  assert.ok(Math.abs(value - mean(values)) < 1e-15 && Math.abs(standardError! - expected) < 1e-15);
  assert.deepEqual(estimate(meanOf((each: number) => each), [1, 0, 1, 0]), {
    value: 0.5,
    standardError: Math.sqrt(1 / 12),
  });
});

Deno.test("a bootstrap of a mean approximates its standard error, and is reproducible", () => {
  const statistic = wholeOf((each: number) => each, mean), { value, standardError } = estimate(statistic, values);
  assert.equal(value, mean(values));
  assert.ok(Math.abs(standardError! / expected - 1) < 0.06, `${standardError} and not ${expected}`);
  assert.equal(estimate(statistic, values).standardError, standardError);
});

Deno.test("a bootstrap resamples rows: the standard error of a median", () => {
  const median = (of: readonly number[]) => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)]!;
  const normal = Array.from(
    { length: 400 },
    (_, at) => Math.sqrt(-2 * Math.log((at + 0.5) / 400)) * Math.cos(2 * Math.PI * at * 0.618),
  );
  const { standardError } = estimate(wholeOf((each: number) => each, median), normal);
  // The standard error of a normal sample's median is √(π/2) times that of its mean.
  assert.ok(Math.abs(standardError! / (Math.sqrt(Math.PI / 2) / 20) - 1) < 0.25, String(standardError));
});

Deno.test("there is no standard error for one row, or where a statistic is undefined for some samples", () => {
  assert.deepEqual(estimate(meanOf((each: number) => each), [3]), { value: 3 });
  assert.deepEqual(estimate(wholeOf((each: number) => each, mean), [3]), { value: 3 });
  const first = wholeOf((each: number) => each, (of) => of.includes(1) ? mean(of) : NaN);
  assert.deepEqual(estimate(first, [1, 2, 3]), { value: 2, isUnsure: true });
  assert.deepEqual(estimate({ form: "whole", of: () => () => 2, resamples: 0 }, [1, 2, 3]), { value: 2 });
});
