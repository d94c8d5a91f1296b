/** The lines that a terminal shows for a run's events. @module */
import assert from "node:assert/strict";
import { terminalEvents } from "../../../../pipelines/cli/terminal/event_lines.ts";
import type { RunEvent } from "../../../../pipelines/results/events.ts";
import { terminalOf } from "../../../support/command.ts";

/** The terminal's whole output for some events. */
function written(live: boolean, events: readonly RunEvent[], columns = Infinity): string {
  const { terminal, outcome } = terminalOf(live);
  const emit = terminalEvents({ ...terminal, columns: () => columns });
  for (const event of events) emit(event);
  return outcome().stderr;
}

const empty = "░".repeat(24), full = "█".repeat(24), clear = "\r\x1b[2K";
const note = (message: string): RunEvent => ({ kind: "note", message });
const trained = (members: readonly string[], stepsDone = 0): RunEvent[] => {
  return [{ kind: "trainingStarted", stage: "tuned", members, steps: 4, stepsDone }];
};
const step = (number: number, members: readonly string[]): RunEvent => {
  const losses = members.map((member) => ({ member, loss: 0.5 }));
  return { kind: "step", stage: "tuned", step: number, steps: 4, learningRate: 0.1, seconds: 1, members: losses };
};
const ended: RunEvent = {
  ...{ kind: "stageDone", stage: "tuned", stageKind: "train", cached: false, seconds: 4 },
  member: { id: "main", number: 1, of: 1 },
};
const validated = (at: number, metrics: Readonly<Record<string, number>>, member = "main", isBest = true): RunEvent => {
  return { kind: "validation", stage: "tuned", member, step: at, metrics, isBest };
};
const ready = (...ids: readonly string[]): RunEvent => {
  return {
    kind: "membersReady",
    members: ids.map((id) => ({ id, axes: {}, repeated: id, trainableParameters: 1, baseParameters: 9, stages: [] })),
  };
};
const download = (done: number): RunEvent => {
  return { kind: "work", work: "download", done, total: 2_000_000, unit: "bytes", subject: "model.safetensors" };
};

Deno.test("a log has one line per finished stage", () => {
  const text = written(false, [
    ready("main"),
    ...trained(["main"]),
    ...[1, 2, 3, 4].map((at) => step(at, ["main"])),
    ended,
  ]);
  assert.match(text, new RegExp(`^train tuned {6}${full} 4/4 {2}[\\d.]+ m?s {2}loss 0\\.5000\n$`));
});

Deno.test("a live terminal has a progress bar that is redrawn, and notes are printed above it", () => {
  const text = written(true, [download(0), note("slow"), download(2_000_000), note("done")]);
  const [first = "", second = "", third = "", ...rest] = text.split(clear);
  assert.equal(first, "");
  assert.match(second, new RegExp(`^download {9}${empty} 0 B/2\\.00 MB  `));
  assert.equal(third, `note: slow\n${second}`);
  assert.equal(rest.length, 1);
  assert.match(rest[0]!, new RegExp(`^download {9}${full} 2\\.00 MB/2\\.00 MB  .*\nnote: done\n$`));
});

Deno.test("a training's line continues after the tokenization for a validation, with its measurements", () => {
  const encoded: RunEvent[] = [0, 8].map((done) => ({ kind: "work", work: "encode", done, total: 8, unit: "rows" }));
  const steps = [1, 2].map((at) => step(at, ["main"])), rest = [3, 4].map((at) => step(at, ["main"]));
  const text = written(false, [...trained(["main"]), ...steps, ...encoded, validated(2, { loss: 2 }), ...rest, ended]);
  assert.match(text, /train tuned .* 4\/4 .*loss 0\.5000 {2}validated loss 2\.0000, the best\n$/);
});

Deno.test("with several members the active one is named", () => {
  const all = ready("rank=1", "rank=2", "rank=4");
  assert.match(
    written(false, [all, ...trained(["rank=2"]), step(4, ["rank=2"]), ended]),
    /loss 0\.5000 {2}rank=2 \(2 of 3\)\n$/,
  );
  const both = ["rank=1", "rank=2"], apart = ["rank=1", "rank=4"];
  assert.match(
    written(false, [all, ...trained(both), step(4, both), ended]),
    /^train tuned × 2 .*loss 0\.5000 0\.5000 {2}\(1 to 2 of 3\)\n$/,
  );
  assert.match(written(false, [all, ...trained(apart), step(4, apart), ended]), /\(1, 3 of 3\)\n$/);
  const evaluated = (done: number): RunEvent => {
    return { kind: "work", work: "evaluate", subject: "score", done, total: 2, unit: "rows" };
  };
  const started: RunEvent = {
    ...{ kind: "stageStarted", stage: "score", stageKind: "evaluate" },
    member: { id: "rank=4", number: 3, of: 3 },
  };
  assert.match(
    written(false, [all, started, evaluated(0), evaluated(2)]),
    /^evaluate score .* {2}rank=4 \(3 of 3\)\n$/,
  );
});

Deno.test("the remaining time is estimated from the parts done in this run", async () => {
  const { terminal, outcome } = terminalOf(true), emit = terminalEvents(terminal);
  for (const event of trained(["main"], 2)) emit(event);
  assert.match(outcome().stderr, / 2\/4 {2}[\d.]+ m?s {2}resumed$/, "the rate is not known yet");
  await new Promise((resolve) => setTimeout(resolve, 100));
  emit(step(3, ["main"]));
  const [, taken, left] = / 3\/4 {2}([\d.]+) s, ([\d.]+) s left {2}loss 0\.5000$/.exec(outcome().stderr) ?? [];
  assert.ok(Number(taken) >= 0.1);
  assert.equal(left, taken, "one step is left, and one was taken");
});

Deno.test("until the first measurement the expected time is shown, together with the remaining work", () => {
  const outline = { axes: {}, trainableParameters: 1, baseParameters: 9 };
  const stages = [
    { name: "tuned", kind: "train" as const, settings: {}, expectedSeconds: 30 },
    { name: "score", kind: "evaluate" as const, settings: {}, expectedSeconds: 60 },
  ];
  const members = ["a", "b"].map((id) => ({ ...outline, id, repeated: id, stages }));
  const { terminal, outcome } = terminalOf(true), emit = terminalEvents({ ...terminal, columns: () => Infinity });
  const began = (stage: string, stageKind: "train" | "evaluate"): RunEvent => {
    return { kind: "stageStarted", stage, stageKind, member: { id: "a", number: 1, of: 2 } };
  };
  emit({ kind: "membersReady", members, encodeSeconds: 10 });
  emit(began("tuned", "train"));
  for (const event of trained(["a", "b"])) emit(event);
  assert.match(
    outcome().stderr,
    / 0\/4 {2}[\d.]+ m?s, (59\.\d|60\.0) s left, about 3 min \d+ s in total {2}\(1 to 2 of 2\)$/,
  );
  emit(began("score", "evaluate"));
  emit({ kind: "work", work: "evaluate", subject: "score", done: 0, total: 2, unit: "rows" });
  assert.match(
    outcome().stderr,
    / 0\/2 {2}[\d.]+ m?s, (59\.\d|60\.0) s left, about 2 min \d+ s in total {2}a \(1 of 2\)$/,
  );
});

Deno.test("measurements after a training's last step are shown next to its loss, for each member", () => {
  const started = trained(["main"]), first = validated(2, { exactMatch: 0.75 });
  const last = validated(4, { exactMatch: 0.5 }, "main", false);
  const failed: RunEvent = { kind: "runFailed", message: "no", stopped: false, refused: false };
  assert.match(
    written(false, [...started, step(2, ["main"]), first, step(4, ["main"]), ended]),
    /loss 0\.5000 {2}validated exactMatch 0\.7500, the best\n$/,
  );
  for (const end of [ended, failed]) {
    const text = written(false, [...started, step(2, ["main"]), first, step(4, ["main"]), last, end]);
    assert.match(text, new RegExp(`^train tuned {6}${full} 4/4 .*loss 0\\.5000 {2}validated exactMatch 0\\.5000\n$`));
  }
  const both = ["rank=1", "rank=2"], measured = both.map((id, at) => validated(4, { loss: at + 1 }, id, at === 0));
  assert.match(
    written(false, [ready(...both), ...trained(both), step(4, both), ...measured, ended]),
    /loss 0\.5000 0\.5000 {2}validated loss 1\.0000, the best \/ loss 2\.0000 {2}\(1 to 2 of 2\)\n$/,
  );
});

Deno.test("a live training's line shows its last validation immediately, and ends with its stage", () => {
  const events = [...trained(["main"]), step(4, ["main"]), validated(4, { loss: 2 })];
  assert.match(written(true, events), /4\/4 {2}[\d.]+ m?s {2}loss 0\.5000 {2}validated loss 2\.0000, the best$/);
  assert.match(written(true, [...events, ended]), /validated loss 2\.0000, the best\n$/);
});

Deno.test("a training that ends early by patience has a line with its result", () => {
  const text = written(false, [
    ...trained(["main"]),
    step(1, ["main"]),
    step(2, ["main"]),
    validated(2, { loss: 2 }),
    ended,
  ]);
  assert.match(text, /^train tuned .* 2\/4 {2}[\d.]+ m?s {2}loss 0\.5000 {2}validated loss 2\.0000, the best\n$/);
});

Deno.test("a line that is redrawn is no longer than the terminal is wide", () => {
  const lines = written(true, [ready("rank=1", "rank=2"), ...trained(["rank=1"])], 60).split(clear);
  assert.deepEqual(lines.map(({ length }) => length), [0, 59]);
  assert.ok(lines[1]!.endsWith("…"));
});

Deno.test("a bar is shorter where the terminal is too narrow for its finished line", () => {
  const events = [ready("main"), ...trained(["main"]), ...[1, 2, 3, 4].map((at) => step(at, ["main"])), ended];
  const last = (columns: number) => written(true, events, columns).split(clear).at(-1)!;
  for (const columns of [60, 56, 53]) {
    const line = last(columns), [filled = ""] = /█+/.exec(line) ?? [];
    assert.match(line, /^train tuned {6}█+ 4\/4 {2}[\d.]+ m?s {2}loss 0\.5000\n$/);
    assert.ok(line.trimEnd().length < columns, line);
    assert.ok(filled.length >= 6 && filled.length <= 24, line);
  }
  assert.match(last(20), /^train tuned {6}█{6} 4\/4/);
});
