import assert from "node:assert/strict";
import { bestOf } from "../../../../pipelines/report/page/ranking.ts";
import { memberView } from "./support.ts";

const lowerIsBetter = ["tuned loss"],
  members = [
    memberView("a", { metrics: { "tuned exactMatch": 0.2, "tuned loss": 2 } }),
    memberView("b", { metrics: { "tuned exactMatch": 0.8, "tuned loss": 1 } }),
    memberView("c", { metrics: { "tuned exactMatch": 0.8, "tuned loss": 3 } }),
    memberView("d"),
  ];

Deno.test("bestOf() takes the most of a score, the least of an error, and the first of equals", () => {
  assert.equal(bestOf({ members, lowerIsBetter }, "tuned exactMatch")?.id, "b");
  assert.equal(bestOf({ members, lowerIsBetter }, "tuned loss")?.id, "b");
  assert.equal(bestOf({ members: members.toReversed(), lowerIsBetter }, "tuned exactMatch")?.id, "c");
});

Deno.test("bestOf() finds none by a metric that no member has", () => {
  assert.equal(bestOf({ members, lowerIsBetter }, "other"), undefined);
  assert.equal(bestOf({ members, lowerIsBetter }, undefined), undefined);
});
