import assert from "node:assert/strict";
import { ReportPredictions } from "../../../pipelines/report/report_predictions.ts";

const row = (at: number) => ({ prompt: `question ${at}`, completion: "yes", measured: { exactMatch: at % 2 } });

function found(count: number, change: (at: number) => object = () => ({})): ReportPredictions {
  const predictions = new ReportPredictions();
  for (let at = 0; at < count; at++) predictions.add({ ...row(at), ...change(at) });
  return predictions;
}

Deno.test("the first thousand predictions are kept in full, and the values of all", () => {
  const predictions = found(2500);
  assert.deepEqual([predictions.length, predictions.shown.length], [2500, 1000]);
  assert.deepEqual(predictions.shown[7], row(7));
  assert.deepEqual(predictions.values("exactMatch"), Array.from({ length: 2500 }, (_, at) => at % 2));
  for (const name of ["loss", "constructor", "__proto__"]) assert.equal(predictions.values(name), undefined);
});

Deno.test("evaluations of the same rows have one key, whatever was answered and whichever rows are shown", () => {
  const { key } = found(2500);
  assert.equal(found(2500, () => ({ prediction: "no", measured: {} })).key, key);
  assert.notEqual(found(2499).key, key);
  assert.notEqual(found(2500, (at) => at === 2400 ? { prompt: "another" } : {}).key, key);
  assert.notEqual(found(2500, (at) => at === 2400 ? { pair: "a pair" } : {}).key, key);
});

Deno.test("a metric that some rows lack has no values for a paired test", () => {
  assert.equal(found(1200, (at) => at === 1100 ? { measured: {} } : {}).values("exactMatch"), undefined);
});
