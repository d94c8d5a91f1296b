import assert from "node:assert/strict";
import { indexFeeds, labelFeeds, labelInputs } from "../../../../pipelines/compile/rows/labels.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { bertArchitecture, exampleOf, lowered } from "./support.ts";

const rows = [exampleOf(3, 2), exampleOf(5, 1)].map((each) => layOut(each, wholeRows({}, [])));

function fed(feeds: ReturnType<typeof labelFeeds>) {
  const numbers = (name: string) => Array.from(feeds[name]?.data ?? [], Number);
  return { indices: numbers(labelInputs.indices), targets: numbers(labelInputs.targets) };
}

Deno.test("labelFeeds() index the predicting tokens of the padded rows in sequence", () => {
  assert.deepEqual(fed(labelFeeds(rows, 5, undefined)), { indices: [2, 3, 5 + 4], targets: [110, 111, 110] });
});

Deno.test("labelFeeds() index the first token if a head reads it, and feed a regression's labels as floats", () => {
  const [head] = lowered(bertArchitecture, { kind: "regression", frozen: false, fresh: false });
  assert.ok(head?.form === "head" && head.pooled === "first");
  const single = [{ ...rows[0]!, labels: [0.5] }, { ...rows[1]!, labels: [-2] }], feeds = labelFeeds(single, 5, head);
  assert.deepEqual(fed(feeds), { indices: [0, 5], targets: [0.5, -2] });
  assert.ok(feeds[labelInputs.targets]!.data instanceof Float32Array);
  const mean = labelFeeds(single, 5, { ...head, pooled: "mean" })[labelInputs.shares]!;
  assert.deepEqual(mean.shape, [2, 5, 1]);
  const own = Math.fround(1 / 5);
  assert.deepEqual(Array.from(mean.data, Number), [0.25, 0.25, 0.25, 0.25, 0, own, own, own, own, own]);
});

Deno.test("indexFeeds() of no rows are empty", () => {
  assert.deepEqual(indexFeeds([], 3)[labelInputs.indices]!.shape, [0, 1]);
});
