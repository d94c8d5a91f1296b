import assert from "node:assert/strict";
import type { ExperimentMetric, ExperimentView, UntrainedView } from "../../../pipelines/report/report_view.ts";
import { compareMetrics, measuredText, ranking, verdictOf, verdictText } from "../../../pipelines/report/verdict.ts";
import { experimentView } from "./page/support.ts";

const metric = "tuned exactMatch";

/** A metric that is right on the first rows of each repetition. */
function right(rows: number, ...counts: readonly number[]): ExperimentMetric {
  const values = counts.map((count) => Array.from({ length: rows }, (_, row) => Number(row < count)));
  const mean = counts.reduce((sum, count) => sum + count / rows, 0) / counts.length;
  return { mean, standardError: 0.09, rows, repetitions: counts.length, rowsKey: String(rows), values };
}

function judged(experiments: readonly ExperimentView[], base?: UntrainedView) {
  return {
    experiments,
    lowerIsBetter: ["tuned loss"],
    untrained: base === undefined ? {} : { [metric]: base },
    untrainedMetrics: ["base exactMatch"],
  };
}

const experiment = (id: string, found: ExperimentMetric) => experimentView(id, { metrics: { [metric]: found } });

function textOf(experiments: readonly ExperimentView[], base?: UntrainedView): string {
  const verdict = verdictOf(judged(experiments, base), metric);
  return verdict === undefined ? "" : verdictText(verdict);
}

Deno.test("the best has the best mean over seeds, not the best single seed", () => {
  // 5 of 16 rows with one seed and 2 with the other; the base has 3.
  const lucky = experiment("LoReFT", right(16, 5, 2)), steady = experiment("NoReFT", right(16, 3, 3));
  const base = { name: "base", ...right(16, 3) };
  assert.equal(
    textOf([steady, lucky], base),
    "LoReFT 0.22 ± 0.09 (n = 16 × 2 seeds), not distinguishable from base 0.19 (p = 1.00), " +
      "not distinguishable from the runner-up NoReFT 0.19 (p = 1.00)",
  );
});

Deno.test("a difference on many rows is reported with its direction", () => {
  const base = { name: "base", ...right(80, 60) };
  assert.match(
    textOf([experiment("main", right(80, 78))], base),
    /^0\.97 ± 0\.09 \(n = 80\), better than base 0\.75 \(p < 0\.001\)$/,
  );
  assert.match(textOf([experiment("main", right(80, 40))], base), /, worse than base 0\.75 \(p < 0\.001\)$/);
  assert.match(textOf([experiment("main", right(80, 60))], base), /, equal to base 0\.75 on every row$/);
});

Deno.test("members with equal results tie", () => {
  const all = [experiment("a", right(8, 4)), experiment("b", right(8, 4)), experiment("c", right(8, 2))];
  assert.match(textOf(all), /^a and b tie: 0\.50 ± 0\.09 \(n = 8\), not distinguishable from the runner-up c 0\.25/);
  assert.deepEqual(verdictOf(judged(all), metric)?.best.map(({ experiment: { id } }) => id), ["a", "b"]);
});

Deno.test("metrics measured on other rows are not tested", () => {
  assert.equal(compareMetrics(right(8, 4), right(9, 4)), undefined);
  assert.equal(compareMetrics(right(8, 4), { mean: 0.5, repetitions: 1 }), undefined);
  assert.match(
    textOf([experiment("a", right(8, 4)), experiment("b", right(9, 1))]),
    /beside the runner-up b 0\.11 \(not tested/,
  );
});

Deno.test("ranking() puts the smallest error first, and omits members without a value", () => {
  const of = (id: string, loss: number) => experimentView(id, { metrics: { "tuned loss": loss } });
  const ranked = ranking(judged([of("a", 2), of("b", 1), experimentView("c"), of("d", 3)]), "tuned loss");
  assert.deepEqual(ranked.map(({ experiment: { id } }) => id), ["b", "a", "d"]);
  assert.equal(verdictOf(judged([experimentView("c")]), metric), undefined);
  assert.equal(verdictOf(judged([]), "base exactMatch"), undefined);
});

Deno.test("a value without a standard error or a number of rows is shown without them", () => {
  assert.equal(measuredText({ mean: 0.5, repetitions: 1 }), "0.50");
  assert.equal(
    measuredText({ mean: 0.0421, standardError: 0.0023, rows: 12, repetitions: 1 }),
    "0.042 ± 0.002 (n = 12)",
  );
});
