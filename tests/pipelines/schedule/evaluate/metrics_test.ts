/** Metrics of heads against scikit-learn's and scipy's numbers. @module */
import assert from "node:assert/strict";
import goldens from "../../../goldens/glue_metrics.json" with { type: "json" };
import { type HeadPrediction, measure } from "../../../../pipelines/schedule/evaluate/metrics.ts";
import type { MetricSpec } from "../../../../pipelines/spec/mod.ts";

const told = (expected: readonly number[], given: readonly number[]): HeadPrediction[] =>
  expected.map((each, row) => ({ expected: each, given: given[row]!, loss: 0.5 * row }));

/** That a metric of some rows is what is expected of it, to twelve digits. */
function assertMetric(kind: MetricSpec["kind"], rows: readonly HeadPrediction[], expected: number): void {
  const { [kind]: found } = measure([{ kind }], [], rows);
  assert.ok(Math.abs(found! - expected) <= 1e-12, `${kind} is ${found} and not ${expected}`);
}

Deno.test("metrics of classes are scikit-learn's", () => {
  for (const { expected, given, ...metrics } of goldens.classes) {
    for (const [kind, value] of Object.entries(metrics)) {
      if (value !== null) assertMetric(kind as MetricSpec["kind"], told(expected, given), value);
    }
  }
});

Deno.test("correlations are scipy's, equal numbers sharing their rank", () => {
  for (const { expected, given, ...metrics } of goldens.numbers) {
    const rows = told(expected.flat(), given.flat());
    for (const [kind, value] of Object.entries(metrics)) assertMetric(kind as MetricSpec["kind"], rows, value);
  }
});

Deno.test("a correlation with numbers that are all equal is 0, and the loss the mean", () => {
  const rows = told([1, 2, 3], [4, 4, 4]);
  for (const kind of ["pearson", "spearman"] as const) assertMetric(kind, rows, 0);
  assertMetric("loss", rows, 0.5);
});

Deno.test("a metric that is not finite is an error", () => {
  assert.throws(() => measure([{ kind: "loss" }], [], [{ expected: 0, given: 0, loss: Infinity }]), /not finite/);
});
