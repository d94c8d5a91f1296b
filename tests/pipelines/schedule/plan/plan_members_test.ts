/** Plans of members, made without a run. */
import assert from "node:assert/strict";
import { loadPipeline } from "../../../../pipelines/cli/requests/load_pipeline.ts";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import type { Plan } from "../../../../pipelines/schedule/plan/plan.ts";
import { planMembers } from "../../../../pipelines/schedule/plan/plan_members.ts";
import { inScene, type PipelineParts } from "../../../support/scene.ts";

/** The plan of a scene of which nothing was ever run. */
async function planOf(parts: Partial<PipelineParts>, cacheMemory?: number): Promise<Plan> {
  let plan: Plan | undefined;
  await inScene(parts, async (scene) => {
    const { base, expansion } = await loadPipeline(scene.pipeline, new Map());
    const emit = () => {}, store = scene.path("store");
    await using runContext = new RunContext({ base, store, provider: "cpu", threads: 1, emit, cacheMemory });
    plan = await planMembers(runContext, "scene", expansion);
    assert.deepEqual(scene.entries, []);
  });
  return plan!;
}

const reasons: Readonly<Record<string, readonly [parts: Partial<PipelineParts>, reason: RegExp]>> = {
  "the last tokens": [
    {},
    /^the edits begin 1 token before the prompt's end: the \d+ tokens before are computed once, /,
  ],
  "the first tokens": [{ positions: `"f1"` }, /^the edits reach the prompt's first tokens, so only what is under/],
  "every weight": [
    { stages: "{ tuned: train(base.with(refract.fullFinetuning()), { data, epochs, batchSize, optimizer }) }" },
    /^every weight is trained, so nothing is constant$/,
  ],
};

for (const [name, [parts, reason]] of Object.entries(reasons)) {
  Deno.test(`the plan of a training of ${name} says what is computed once`, async () => {
    const { frontiers: [frontier, ...others] } = await planOf(parts);
    assert.match(frontier!.reason, reason);
    assert.deepEqual(others, []);
  });
}

Deno.test("without memory for what is constant nothing is kept", async () => {
  const { frontiers: [frontier], cache, budgets } = await planOf({}, 0);
  assert.match(frontier!.reason, /^what is constant does not fit the budget, so each step computes it again$/);
  assert.deepEqual([frontier!.bytes, budgets.memory], [0, 0]);
  assert.deepEqual(cache.map(({ kind }) => kind), ["train"]);
});

Deno.test("members that share programs and an encoding are listed once each, with all their steps", async () => {
  const { members, programs, cache, estimate } = await planOf({ epochs: `sweep("epochs", [2, 3])` });
  assert.deepEqual(members.map(({ id }) => id), ["epochs=2", "epochs=3"]);
  assert.deepEqual(programs.map(({ name, members }) => [name, members.length]), [["encode", 2], ["train", 2]]);
  assert.deepEqual(cache.map(({ kind, cached, key }) => [kind, cached, key]), [
    ["encode", false, null],
    ["train", false, null],
    ["train", false, null],
  ]);
  assert.equal(estimate.steps, 2 * 2 + 3 * 2);
  assert.ok(!estimate.isMeasured && estimate.seconds > 0 && estimate.flops > 0);
});

Deno.test("an evaluation alone plans nothing to train", async () => {
  const { members, programs, cache } = await planOf({
    stages: "{ base: evaluate(base, { data, metrics, decoding }) }",
  });
  assert.deepEqual([members[0]!.trainableParameters, programs, cache], [0, [], []]);
});
