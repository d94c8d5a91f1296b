/** The table of metrics against the DSL's functions. @module */
import assert from "node:assert/strict";
import * as refract from "refract";
import { isMetricName, lowerIsBetter, metricKinds, type MetricName } from "../../../pipelines/metrics/mod.ts";
import type { MetricSpec } from "../../../pipelines/spec/mod.ts";

const { accuracy, exactMatch, f1, loss, matthews, mse, pearson, spearman } = refract;

const metricNames = Object.keys(metricKinds).filter(isMetricName);

/** What a pipeline writes for each metric: one without a function does not compile. */
const declared: Readonly<Record<MetricName, MetricSpec>> = {
  exactMatch: exactMatch(),
  accuracy: accuracy(),
  f1: f1(),
  macroF1: f1({ average: "macro" }),
  matthews: matthews(),
  pearson: pearson(),
  spearman: spearman(),
  mse: mse(),
  loss: loss(),
};

Deno.test("every metric has a function of the DSL, which messages name as it is called", () => {
  for (const name of metricNames) {
    assert.equal(declared[name].kind, name);
    const [, called] = /^(\w+)\(.*\)$/.exec(metricKinds[name].call)!;
    assert.ok(called! in refract, `${called} is not exported`);
  }
});

Deno.test("every metric applies to something that models predict", () => {
  for (const name of metricNames) assert.ok(Object.keys(metricKinds[name].measures).length > 0, name);
});

Deno.test("less of an unknown metric is not taken for better", () => {
  assert.deepEqual([lowerIsBetter("loss"), lowerIsBetter("accuracy"), lowerIsBetter("unknown")], [true, false, false]);
});
