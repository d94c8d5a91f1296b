/** Metrics of heads compared with scikit-learn and scipy. @module */
import assert from "node:assert/strict";
import { accuracy, metric, mse } from "refract";
import goldens from "../../goldens/glue_metrics.json" with { type: "json" };
import { measure } from "../../../pipelines/metrics/measure.ts";
import type { HeadPrediction } from "../../../pipelines/metrics/prediction.ts";

/** The metrics of heads that have no required setting. */
type Plain = "accuracy" | "f1" | "macroF1" | "matthews" | "pearson" | "spearman" | "mse" | "loss";

const row = { prompt: "", completion: "", fields: {}, place: { file: "rows.jsonl", line: 1 } };

const headPredictions = (expected: readonly number[], predicted: readonly number[]): HeadPrediction[] =>
  expected.map((each, at) => ({ expected: each, predicted: predicted[at]!, loss: 0.5 * at, row }));

/** Asserts the value of a metric over rows, to within 1e-12. */
function assertMetric(
  name: Plain,
  kind: "classes" | "numbers",
  rows: readonly HeadPrediction[],
  expected: number,
): void {
  const { metrics: { [name]: found } } = measure([{ kind: name }], { kind, rows, labels: [] });
  assert.ok(Math.abs(found! - expected) <= 1e-12, `${name} is ${found} and not ${expected}`);
}

Deno.test("classification metrics match scikit-learn", () => {
  for (const { expected, given, ...metrics } of goldens.classes) {
    for (const [name, value] of Object.entries(metrics)) {
      if (value !== null) assertMetric(name as Plain, "classes", headPredictions(expected, given), value);
    }
  }
});

Deno.test("correlations match scipy, with equal numbers sharing their rank", () => {
  for (const { expected, given, ...metrics } of goldens.numbers) {
    const rows = headPredictions(expected.flat(), given.flat());
    for (const [name, value] of Object.entries(metrics)) assertMetric(name as Plain, "numbers", rows, value);
  }
});

Deno.test("Pearson's correlation of nearly constant numbers matches scipy, and warns where scipy warns", () => {
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

Deno.test("the correlation of two rows is exactly 1 or −1", () => {
  assertExact([0.1, 0.7], [3.1, 2.9], -1);
  assertExact([0.3, 0.1], [0.7, 0.2], 1);
});

function assertExact(expected: readonly number[], predicted: readonly number[], correlation: number): void {
  assert.equal(
    measure([{ kind: "pearson" }], { kind: "numbers", rows: headPredictions(expected, predicted) }).metrics["pearson"],
    correlation,
  );
}

Deno.test("a correlation with constant numbers is 0, and the loss is the mean", () => {
  const rows = headPredictions([1, 2, 3], [4, 4, 4]);
  for (const name of ["pearson", "spearman"] as const) assertMetric(name, "numbers", rows, 0);
  assertMetric("loss", "numbers", rows, 0.5);
});

Deno.test("the mean squared error is computed for varying and for equal numbers", () => {
  assertMetric("mse", "numbers", headPredictions([1, 2, 4], [1, 4, 1]), 13 / 3);
  assertMetric("mse", "numbers", headPredictions([2, 2], [2.5, 2]), 0.125);
});

Deno.test("a metric that is not finite is an error", () => {
  const rows = [{ expected: 0, predicted: 0, loss: Infinity, row }];
  assert.throws(() => measure([{ kind: "loss" }], { kind: "classes", rows, labels: [] }), /not finite/);
});

Deno.test("map replaces predictions with other classes and numbers", () => {
  const labels = ["no", "maybe", "yes"],
    given = headPredictions([0, 2, 2], [0, 1, 2]).map((each) => ({
      ...each,
      row: { ...row, prediction: labels[each.predicted]! },
    }));
  const classes = { kind: "classes", rows: given, labels } as const;
  const certain = accuracy({ map: (label) => label === "maybe" ? "yes" : label });
  assert.deepEqual(measure([accuracy()], classes).metrics, { accuracy: 2 / 3 });
  assert.deepEqual(measure([certain], classes).metrics, { accuracy: 1 });
  assert.throws(
    () => measure([accuracy({ map: () => "yess" })], classes),
    /map returned the text "yess" at rows\.jsonl:1, which is not a class; did you mean "yes"/,
  );
  const numbers = headPredictions([1, 5], [1, 9]).map((each) => ({
    ...each,
    row: { ...row, prediction: each.predicted },
  }));
  const clipped = mse({ map: (number) => Math.min(5, number) });
  assert.deepEqual(measure([clipped], { kind: "numbers", rows: numbers }).metrics, { mse: 0 });
  assert.throws(
    () => measure([mse({ map: () => NaN })], { kind: "numbers", rows: numbers }),
    /map returned NaN at rows\.jsonl:1; return a string or a finite number/,
  );
});

Deno.test("a user's own metric receives the name of a class or a number", () => {
  const given = headPredictions([1, 3], [2, 3]).map((each) => ({
    ...each,
    row: { ...row, prediction: each.predicted },
  }));
  const near = metric<number>("near", { measure: (predicted) => predicted < 3, lowerIsBetter: true });
  const { metrics, lowerIsBetter } = measure([near], { kind: "numbers", rows: given });
  assert.deepEqual([metrics, lowerIsBetter], [{ near: 0.5 }, ["near"]]);
});

Deno.test("a metric without a standard error is noted", () => {
  const given = headPredictions([1, 3, 4], [2, 3, 4]).map((each) => ({
    ...each,
    row: { ...row, prediction: each.predicted },
  }));
  const told: string[] = [], first = metric<number>("first", { measureAll: (all) => all.includes(2) ? 1 : NaN });
  const { standardErrors } = measure([first], { kind: "numbers", rows: given }, (caution) => told.push(caution));
  assert.deepEqual(standardErrors, {});
  assert.deepEqual(told, ["first: it has no standard error, since it is undefined for a bootstrap sample of the rows"]);
});
