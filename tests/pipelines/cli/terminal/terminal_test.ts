/** The format of times and tables. @module */
import assert from "node:assert/strict";
import { counted } from "../../../../pipelines/common/counted.ts";
import { formatSeconds, formatTable } from "../../../../pipelines/cli/terminal/terminal.ts";

Deno.test("times have two or three digits", () => {
  const times = [[0, "0.00 s"], [0.0034, "3.4 ms"], [0.068, "68 ms"], [0.0996, "0.10 s"], [9.994, "9.99 s"]] as const;
  const longer = [[14, "14.0 s"], [119.94, "119.9 s"], [185, "3 min 5 s"], [3600, "60 min 0 s"]] as const;
  for (const [seconds, text] of [...times, ...longer]) assert.equal(formatSeconds(seconds), text);
});

Deno.test("a table aligns texts to the left and numbers to the right", () => {
  const rows = [["a", "1,028", "0.46 s"], ["long name", "7", ""]];
  assert.equal(
    formatTable(["member", "trainable", "train"], rows),
    [
      "member     trainable   train",
      "─────────  ─────────  ──────",
      "a              1,028  0.46 s",
      "long name          7",
      "",
    ].join("\n"),
  );
  assert.equal(formatTable(["kind"], []), "kind\n────\n");
  assert.equal(
    formatTable(["member", "trainable", "train", "step"], [["rank=1", "514", "0.2 s", "3 ms"]], 24),
    "member  trainable  train\n──────  ─────────  ─────\nrank=1        514  0.2 s\n\n" +
      "member  step\n──────  ────\nrank=1  3 ms\n",
  );
  assert.equal(formatTable(["member", "trainable"], [], 5), "member  trainable\n──────  ─────────\n");
});

Deno.test("counted() names one thing, or several", () => {
  assert.deepEqual([0, 1, 1200].map((count) => counted(count, "row")), ["0 rows", "1 row", "1,200 rows"]);
});
