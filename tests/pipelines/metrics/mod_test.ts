/** The table of metrics compared with the DSL's functions. @module */
import assert from "node:assert/strict";
import * as refract from "refract";
import { isMetricName, lowerIsBetter, metricKinds, metricNameOf } from "../../../pipelines/metrics/mod.ts";
import { declaredMetrics } from "../../support/declared_metrics.ts";

const metricNames = Object.keys(metricKinds).filter(isMetricName);

Deno.test("every metric has a DSL function, and messages show a call of it", () => {
  for (const name of metricNames) {
    assert.equal(declaredMetrics[name].kind, name);
    const [, called] = /^(\w+)\(.*\)$/.exec(metricKinds[name].call)!;
    assert.ok(called! in refract, `${called} is not exported`);
  }
});

Deno.test("every metric applies to some kind of prediction", () => {
  for (const name of metricNames) assert.ok(Object.keys(metricKinds[name].measures).length > 0, name);
});

Deno.test("for an unknown metric, higher counts as better", () => {
  assert.deepEqual([lowerIsBetter("loss"), lowerIsBetter("accuracy"), lowerIsBetter("unknown")], [true, false, false]);
});

Deno.test("results name a metric by its kind, its setting or its given name", () => {
  const { accuracy, exactMatch, rouge } = refract;
  assert.deepEqual(
    [exactMatch(), exactMatch({ name: "strict" }), rouge("rougeL"), accuracy({ by: "byte" }), declaredMetrics.metric]
      .map(metricNameOf),
    ["exactMatch", "strict", "rougeL", "accuracyByByte", "length"],
  );
});
