/** Metrics of heads against scikit-learn's and scipy's numbers. @module */
import assert from "node:assert/strict";
import goldens from "../../goldens/glue_metrics.json" with { type: "json" };
import { measure } from "../../../pipelines/metrics/measure.ts";
import type { HeadPrediction } from "../../../pipelines/metrics/prediction.ts";

/** The metrics of heads whose declarations have no setting that must be given. */
type Plain = "accuracy" | "f1" | "macroF1" | "matthews" | "pearson" | "spearman" | "mse" | "loss";

const row = { prompt: "", completion: "", fields: {}, place: { file: "rows.jsonl", line: 1 } };

const headPredictions = (expected: readonly number[], predicted: readonly number[]): HeadPrediction[] =>
  expected.map((each, at) => ({ expected: each, predicted: predicted[at]!, loss: 0.5 * at, row }));

/** That a metric of some rows is what is expected of it, to twelve digits. */
function assertMetric(
  name: Plain,
  kind: "classes" | "numbers",
  rows: readonly HeadPrediction[],
  expected: number,
): void {
  const { metrics: { [name]: found } } = measure([{ kind: name }], { kind, rows, labels: [] });
  assert.ok(Math.abs(found! - expected) <= 1e-12, `${name} is ${found} and not ${expected}`);
}

Deno.test("metrics of classes are scikit-learn's", () => {
  for (const { expected, given, ...metrics } of goldens.classes) {
    for (const [name, value] of Object.entries(metrics)) {
      if (value !== null) assertMetric(name as Plain, "classes", headPredictions(expected, given), value);
    }
  }
});

Deno.test("correlations are scipy's, equal numbers sharing their rank", () => {
  for (const { expected, given, ...metrics } of goldens.numbers) {
    const rows = headPredictions(expected.flat(), given.flat());
    for (const [name, value] of Object.entries(metrics)) assertMetric(name as Plain, "numbers", rows, value);
  }
});

Deno.test("of nearly constant numbers Pearson's correlation is scipy's, and is warned of where scipy warns", () => {
  for (const { expected, given, pearson, spearman, warned } of goldens.nearlyConstant) {
    const rows = headPredictions(expected.flat(), given.flat());
    assertMetric("pearson", "numbers", rows, pearson ?? 0);
    assertMetric("spearman", "numbers", rows, spearman ?? 0);
    const found: string[] = [];
    const measured = ["pearson", "spearman", "mse"] as const;
    measure(measured.map((kind) => ({ kind })), { kind: "numbers", rows }, (caution) => found.push(caution));
    const kinds = found.map((caution) => caution.includes("are equal") ? "ConstantInput" : "NearConstantInput");
    assert.deepEqual([...new Set(kinds)].map((kind) => `${kind}Warning`), warned);
  }
});

Deno.test("the correlation of two rows is exactly 1, 0 or −1", () => {
  assertExact([0.1, 0.7], [3.1, 2.9], -1);
  assertExact([0.3, 0.1], [0.7, 0.2], 1);
});

function assertExact(expected: readonly number[], predicted: readonly number[], correlation: number): void {
  assert.equal(
    measure([{ kind: "pearson" }], { kind: "numbers", rows: headPredictions(expected, predicted) }).metrics["pearson"],
    correlation,
  );
}

Deno.test("a correlation with numbers that are all equal is 0, and the loss the mean", () => {
  const rows = headPredictions([1, 2, 3], [4, 4, 4]);
  for (const name of ["pearson", "spearman"] as const) assertMetric(name, "numbers", rows, 0);
  assertMetric("loss", "numbers", rows, 0.5);
});

Deno.test("the mean squared error is of the numbers, also of equal ones", () => {
  assertMetric("mse", "numbers", headPredictions([1, 2, 4], [1, 4, 1]), 13 / 3);
  assertMetric("mse", "numbers", headPredictions([2, 2], [2.5, 2]), 0.125);
});

Deno.test("a metric that is not finite is an error", () => {
  const rows = [{ expected: 0, predicted: 0, loss: Infinity, row }];
  assert.throws(() => measure([{ kind: "loss" }], { kind: "classes", rows, labels: [] }), /not finite/);
});
