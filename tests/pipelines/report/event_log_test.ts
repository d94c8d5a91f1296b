/** The log file of a run's events. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EventLog } from "../../../pipelines/report/event_log.ts";
import type { RunEvent } from "../../../pipelines/results/events.ts";
import { onFullDisk } from "../../support/disk.ts";
import { test } from "../store/support.ts";

const note = (message: string): RunEvent => ({ kind: "note", message });

function linesOf(path: string): unknown[] {
  const lines = Deno.readTextFileSync(path).split("\n");
  assert.equal(lines.pop(), "", "the last line is terminated");
  return lines.map((line) => JSON.parse(line));
}

test("a log has a line for each event, with its time, as soon as the event happened", (folder) => {
  const path = join(folder, "new", "log.jsonl"), log = new EventLog(path, assert.fail), before = Date.now();
  log.take(note("one\nline"));
  assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is written before the request is validated");
  log.open();
  log.take(note("two"));
  const found = linesOf(path) as { time: string }[];
  assert.deepEqual(found.map(({ time: _, ...event }) => event), [note("one\nline"), note("two")]);
  for (const { time } of found) assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now(), time);
  return log.close();
});

test("an existing log is appended to, even after an incomplete line", async (folder) => {
  const path = join(folder, "log.jsonl");
  Deno.writeTextFileSync(path, `{"kind":"note","message":"whole"}\n{"kind":"no`);
  for (const message of ["resumed", "again"]) {
    const log = new EventLog(path, assert.fail);
    log.open();
    log.take(note(message));
    await log.close();
  }
  const [first, half, ...others] = Deno.readTextFileSync(path).trimEnd().split("\n");
  assert.equal(first, `{"kind":"note","message":"whole"}`);
  assert.equal(half, `{"kind":"no`);
  assert.deepEqual(others.map((line) => JSON.parse(line).message), ["resumed", "again"]);
});

test("a log that can't be opened ends the run before it begins, and a later write error is noted once", async (folder) => {
  assert.throws(() => new EventLog(folder, assert.fail).open(), /can't be written \(Is a directory\)/);
  const path = join(folder, "log.jsonl"), notes: string[] = [];
  const log = new EventLog(path, (message) => notes.push(message));
  await onFullDisk(100, async () => {
    log.open();
    for (const message of ["one", "two", "three"]) log.take(note(message));
    await log.close();
  });
  assert.deepEqual(notes, [
    `${path}: the log can no longer be written (No space left on device); the run continues without it`,
  ]);
});
