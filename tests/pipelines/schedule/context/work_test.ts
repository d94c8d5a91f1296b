import assert from "node:assert/strict";
import type { RunEvent } from "../../../../pipelines/results/events.ts";
import { beginWork, bytesProgress } from "../../../../pipelines/schedule/context/work.ts";

/** An event of work as `work subject done/total unit`. */
function textOf(event: RunEvent): string {
  if (event.kind !== "work") return event.kind;
  const { work, subject, done, total, unit, resumed } = event;
  return `${work} ${subject} ${done}/${total} ${unit}${resumed ? " resumed" : ""}`;
}

Deno.test("bytesProgress() starts again with each download", () => {
  const shown: string[] = [], show = bytesProgress((event) => shown.push(textOf(event)), "download");
  show(1, 3, "a.json");
  show(3, 3, "a.json");
  show(3, 3, "b.json");
  assert.deepEqual(shown, [
    "download a.json 0/3 bytes",
    "download a.json 1/3 bytes",
    "download a.json 3/3 bytes",
    "download b.json 0/3 bytes",
    "download b.json 3/3 bytes",
  ]);
});

Deno.test("beginWork() reports the start of work, and the part that an earlier run completed", () => {
  const shown: string[] = [], show = beginWork((event) => shown.push(textOf(event)), "evaluate", 4, "tuned");
  show(2, true);
  show(4);
  assert.deepEqual(shown, ["evaluate tuned 0/4 rows", "evaluate tuned 2/4 rows resumed", "evaluate tuned 4/4 rows"]);
});
