/** Which of several members is better, for every metric. @module */
import assert from "node:assert/strict";
import { metric } from "refract";
import type { MetricName } from "../../../../pipelines/metrics/declared.ts";
import { isLowerBetter, isMetricName, metricKinds, metricNameOf } from "../../../../pipelines/metrics/mod.ts";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";
import { ranked } from "../../../../pipelines/schedule/expand/choose.ts";
import { declaredMetrics } from "../../../support/declared_metrics.ts";

const metricNames = Object.keys(metricKinds).filter(isMetricName);

/** The indices of members with the given values of a metric, in the order of best(). */
function orderOf(kind: MetricName, values: readonly number[]): number[] {
  const by = declaredMetrics[kind], metric = metricNameOf(by);
  const candidates = values.map((_, at) => {
    const id = `at=${at}`;
    return { member: { id, repeated: id, axes: { at }, chosen: [], stages: {} }, point: new Map() };
  });
  const records = candidates.map(({ member: { id, axes } }, at): MemberRecord => ({
    id,
    axes,
    trainableParameters: 0,
    stages: [{
      name: "tested",
      kind: "evaluate",
      cached: false,
      seconds: 0,
      metrics: { [metric]: values[at]! },
      predictions: "",
    }],
  }));
  return ranked(candidates, records, "tested", by).map(({ member }) => Number(member.axes["at"]));
}

for (const kind of metricNames) {
  const lowerIsBetter = isLowerBetter(declaredMetrics[kind]);
  Deno.test(`for ${kind} ${lowerIsBetter ? "less" : "more"} is better, and a member without a value is the worst`, () => {
    assert.deepEqual(orderOf(kind, [0.5, NaN, 0.1, 0.9]), lowerIsBetter ? [2, 0, 3, 1] : [3, 0, 2, 1]);
  });
}

Deno.test("less is better only for errors and losses", () => {
  assert.deepEqual(metricNames.filter((name) => metricKinds[name].lowerIsBetter), [
    "mse",
    "loss",
    "perplexity",
    "bitsPerByte",
  ]);
  assert.ok(isLowerBetter(metric("length", { measure: (answer) => answer.length, lowerIsBetter: true })));
});
