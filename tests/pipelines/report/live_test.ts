import assert from "node:assert/strict";
import { join } from "node:path";
import { liveFile, LiveLog, type LiveState } from "../../../pipelines/report/live.ts";
import { test } from "../store/support.ts";

const stateIn = async (folder: string): Promise<LiveState> => {
  return JSON.parse(await Deno.readTextFile(join(folder, liveFile)));
};

/** Waits until the file says what is expected. */
async function until(folder: string, holds: (state: LiveState) => boolean): Promise<LiveState> {
  for (;;) {
    const state = await stateIn(folder).catch(() => undefined);
    if (state !== undefined && holds(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("what a run is at is in its folder while it goes on, and gone at its end", async (folder) => {
  const log = new LiveLog(folder, "p"), stage = "tuned", steps = 2, learningRate = 0.1, seconds = 1;
  log.take({ kind: "work", work: "encode", done: 2, total: 2, unit: "rows" });
  assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing before the folder is ready");
  const outline = { axes: {}, trainableParameters: 1, baseParameters: 9, stages: [] };
  log.take({ kind: "membersReady", members: [{ id: "a", ...outline }, { id: "b", ...outline }] });
  assert.equal((await until(folder, () => true)).pipeline, "p");
  log.take({ kind: "trainingStarted", stage, members: ["a", "b"], steps, stepsDone: 0 });
  const metrics = { loss: 5 };
  log.take({ kind: "validation", stage, member: "b", step: 0, metrics, isBest: true });
  for (const [at, losses] of [[3, 4], [1, 2]].entries()) {
    const members = losses.map((loss, at) => ({ member: "ab"[at]!, loss }));
    log.take({ kind: "step", stage, step: at + 1, steps, learningRate, seconds, members });
  }
  const { now, trainings } = await until(folder, ({ now }) => now === "train tuned × 2 2/2");
  assert.deepEqual([now, trainings], ["train tuned × 2 2/2", [
    { name: "train tuned a", losses: [3, 1], validation: [] },
    { name: "train tuned b", losses: [4, 2], validation: [{ step: 0, metrics }] },
  ]]);
  log.take({ kind: "memberDone", record: { id: "main", axes: {}, trainableParameters: 1, stages: [] } });
  const { members, trainings: none } = await until(folder, ({ members }) => members.length > 0);
  assert.deepEqual([members.map(({ id }) => id), none], [["main"], []]);
  await log.close();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});
