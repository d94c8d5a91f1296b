import assert from "node:assert/strict";
import { weightsFor } from "../../../../pipelines/schedule/prepare/model_weights.ts";
import { between, type Group, groupsToCompile } from "../../../../pipelines/schedule/plan/plan_estimates.ts";
import { trainJobOf } from "../../../../pipelines/schedule/train/train_job.ts";
import type { PipelineParts } from "../../../support/scene.ts";
import { inPreparedScene } from "../prepared.ts";

/** A group for each of a scene's trainings. */
async function inGroups(parts: Partial<PipelineParts>, test: (groups: readonly Group[]) => void): Promise<void> {
  await inPreparedScene(parts, async ({ runContext, members, trainings }) => {
    const groups: Group[] = [];
    for (const [at, stage] of trainings.entries()) {
      const job = await trainJobOf(runContext, stage, await weightsFor(runContext, stage));
      groups.push({ job, jobs: [{ job, member: members[at]!.member.id }] });
    }
    test(groups);
  });
}

const blocksOf = (groups: readonly Group[]) => groups.map(({ job }) => job.stage.adaptations[0]?.block);
const layers = { at: `block(sweep("layer", [0, 1])).output` };

Deno.test("a small sweep compiles all groups, a large one the first and the last of each layout", async () => {
  await inGroups(layers, (groups) => assert.deepEqual(groupsToCompile(groups), groups));
  await inGroups({ ...layers, rank: `sweep("rank", [1, 2, 3, 4])` }, (groups) => {
    assert.deepEqual(blocksOf(groupsToCompile(groups)), [0, 1]);
  });
  const positions = `sweep("positions", ["l1", "l2"])`;
  await inGroups({ ...layers, positions, rank: `sweep("rank", [1, 2])` }, (groups) => {
    assert.deepEqual(blocksOf(groupsToCompile(groups)), [0, 1, 0, 1]);
  });
});

Deno.test("the estimates of a group that is not compiled are interpolated between those of its layout", () =>
  inGroups({ ...layers, rank: `sweep("rank", [1, 2, 3, 4])` }, (groups) => {
    const [low, high] = [0, 1].map((block) => groups.find(({ job }) => job.stage.adaptations[0]?.block === block)!);
    const costOf = (job: Group["job"]) => job === low!.job ? 10 : job === high!.job ? 4 : NaN;
    const estimated = groups.map((group) => between(group, [low!, high!], costOf));
    assert.deepEqual(estimated, blocksOf(groups).map((block) => block === 0 ? 10 : 4));
    assert.equal(between(high!, [low!], costOf), 10, "a single group gives its own number");
  }));
