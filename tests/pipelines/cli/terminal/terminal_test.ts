/** What is written of progress, times and tables. @module */
import assert from "node:assert/strict";
import { formatSeconds, formatTable, terminalProgress } from "../../../../pipelines/cli/terminal/terminal.ts";
import { terminalOf } from "../../../support/command.ts";

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
});

/** Progress on a terminal, and all that it wrote. */
function progressOn(live: boolean) {
  const { terminal, outcome } = terminalOf(live);
  return { progress: terminalProgress(terminal), written: () => outcome().stderr };
}

const empty = "░".repeat(24), full = "█".repeat(24);

Deno.test("progress in a log is a line for a stage that ends, and none in between", () => {
  const { progress, written } = progressOn(false);
  const draw = progress.begin("train tuned", 4);
  for (let done = 1; done <= 4; done++) draw(done, "loss 0.5");
  assert.match(written(), new RegExp(`^train tuned {6}${full} 4/4 {2}[\\d.]+ m?s {2}loss 0\\.5\n$`));
});

Deno.test("progress on a live terminal is a bar that is drawn over, and a note goes before it", () => {
  const { progress, written } = progressOn(true), clear = "\r\x1b[2K";
  const draw = progress.begin("download", 2_000_000, "bytes");
  progress.warn("slow");
  draw(2_000_000);
  progress.warn("done");
  const [first = "", second = "", third = "", ...rest] = written().split(clear);
  assert.equal(first, "");
  assert.match(second, new RegExp(`^download {9}${empty} 0 B/2\\.00 MB  `));
  assert.equal(third, `note: slow\n${second}`);
  assert.equal(rest.length, 1);
  assert.match(rest[0]!, new RegExp(`^download {9}${full} 2\\.00 MB/2\\.00 MB  .*\nnote: done\n$`));
});
