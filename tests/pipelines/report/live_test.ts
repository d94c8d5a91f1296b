import assert from "node:assert/strict";
import { join } from "node:path";
import { liveFile, LiveLog, type LiveState, silenceOf } from "../../../pipelines/report/live.ts";
import { test } from "../store/support.ts";

const stateIn = async (folder: string): Promise<LiveState> => {
  return JSON.parse(await Deno.readTextFile(join(folder, liveFile)));
};

/** Waits until the file has the expected state. */
async function until(folder: string, holds: (state: LiveState) => boolean): Promise<LiveState> {
  for (;;) {
    const state = await stateIn(folder).catch(() => undefined);
    if (state !== undefined && holds(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("a run's progress is in its folder while it runs, and removed at its end", async (folder) => {
  const log = new LiveLog(folder, "p"), stage = "tuned", steps = 3, learningRate = 0.1, seconds = 1;
  log.take({ kind: "work", work: "encode", done: 2, total: 2, unit: "rows" });
  assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is written before the folder is ready");
  const outline = { axes: {}, repeated: "a", trainableParameters: 1, baseParameters: 9, stages: [] };
  log.take({ kind: "membersReady", members: [{ id: "a", ...outline }, { id: "b", ...outline }] });
  assert.equal((await until(folder, () => true)).pipeline, "p");
  log.take({ kind: "trainingStarted", stage, members: ["a", "b"], steps: 3, stepsDone: 1, losses: [[5], [6]] });
  const metrics = { loss: 5 };
  log.take({ kind: "validation", stage, member: "b", step: 0, metrics, isBest: true });
  for (const [at, losses] of [[3, 4], [1, 2]].entries()) {
    const members = losses.map((loss, at) => ({ member: "ab"[at]!, loss }));
    log.take({ kind: "step", stage, step: at + 2, steps, learningRate, seconds, members });
  }
  const { now, trainings } = await until(folder, ({ now }) => now === "train tuned × 2 3/3");
  assert.deepEqual([now, trainings], ["train tuned × 2 3/3", [
    { member: "a", stage, losses: [5, 3, 1], validation: [] },
    { member: "b", stage, losses: [6, 4, 2], validation: [{ step: 0, metrics }] },
  ]]);
  log.take({ kind: "memberDone", record: { id: "a", axes: {}, trainableParameters: 1, stages: [] } });
  const { planned, members, trainings: left } = await until(folder, ({ members }) => members.length > 0);
  assert.deepEqual(planned.map(({ id }) => id), ["a", "b"]);
  assert.deepEqual([members.map(({ id }) => id), left.map(({ member }) => member)], [["a"], ["b"]]);
  await log.close();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});

test("a live run writes regularly even if nothing happens, and counts as silent when it stops writing", async (folder) => {
  const log = new LiveLog(folder, "p");
  log.take({ kind: "membersReady", members: [] });
  const { written } = await until(folder, () => true);
  const again = await until(folder, (state) => state.written > written);
  const now = Date.parse(again.written);
  assert.equal(silenceOf(again, now + 10_000), undefined);
  assert.equal(silenceOf(again, now + 20_000), 20_000);
  await log.close();
});

test("a stopped or failed run leaves its error in its folder until the next run", async (folder) => {
  const log = new LiveLog(folder, "p");
  log.take({ kind: "membersReady", members: [] });
  log.take({ kind: "runFailed", message: "the loss is NaN", stopped: false, refused: false });
  await log.close();
  assert.deepEqual((await stateIn(folder)).failed, { message: "the loss is NaN", stopped: false });
  const next = new LiveLog(folder, "p");
  next.take({ kind: "membersReady", members: [] });
  await until(folder, ({ failed }) => failed === undefined);
  await next.close();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});
