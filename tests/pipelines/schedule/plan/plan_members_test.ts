/** Plans of members, made without a run. */
import assert from "node:assert/strict";
import { loadPipeline } from "../../../../pipelines/cli/requests/load_pipeline.ts";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import type { Plan } from "../../../../pipelines/schedule/plan/plan.ts";
import { planMembers } from "../../../../pipelines/schedule/plan/plan_members.ts";
import { inScene, type PipelineParts } from "../../../support/scene.ts";
import type { TinyModelOptions } from "../../../support/tiny_model.ts";

/** The plan of a scene that was never run. */
async function planOf(
  parts: Partial<PipelineParts>,
  cacheMemory?: number,
  model: TinyModelOptions = {},
  kept = 0,
): Promise<Plan> {
  let plan: Plan | undefined;
  await inScene(parts, async (scene) => {
    const { base, expansion } = await loadPipeline(scene.pipeline, new Map());
    const emit = () => {}, store = scene.path("store");
    await using runContext = new RunContext({ base, store, provider: "cpu", threads: 1, emit, cacheMemory });
    plan = await planMembers(runContext, "scene", expansion);
    assert.equal(scene.entries.length, kept);
  }, model);
  return plan!;
}

Deno.test("the plan of a training with the model's own dropout shows what it costs", async () => {
  const config = { model_type: "gpt2", n_embd: 16, n_layer: 2, n_head: 2, n_positions: 256 };
  const { frontiers: [frontier], advice } = await planOf({ trainSettings: "baseDropout: true" }, undefined, { config });
  assert.match(frontier!.reason, /^the model's own dropout acts, so only what comes before it is computed once$/);
  const [, times] = /^baseDropout makes a step (\d+\.\d) times as much arithmetic as without it/.exec(advice[0]!)!;
  assert.ok(Number(times) > 2, times);
});

const reasons: Readonly<Record<string, readonly [parts: Partial<PipelineParts>, reason: RegExp]>> = {
  "the last tokens": [
    {},
    /^the edits begin 1 token before the prompt's end: the \d+ tokens before are computed once, /,
  ],
  "the first tokens": [{ positions: `"f1"` }, /^the edits reach the prompt's first tokens, so only what is below/],
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

Deno.test("without memory for the constant part nothing is stored", async () => {
  const { frontiers: [frontier], cache, budgets } = await planOf({}, 0);
  assert.match(frontier!.reason, /^the constant part does not fit the budget, so each step recomputes it$/);
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
  assert.ok(estimate.basis === "assumed" && estimate.seconds > 0 && estimate.flops > 0);
});

Deno.test("estimates for many rows use a sample, and the plan reports it", async () => {
  const rows = Array.from({ length: 9000 }, (_, at) => ({ q: `question ${at % 7}`, a: "yes" }));
  const few = await planOf({ data: `records(${JSON.stringify(rows.slice(0, 900))}, template)`, heldOut: "data" });
  const many = await planOf({ data: `records(${JSON.stringify(rows)}, template)`, heldOut: "data" }, undefined, {}, 1);
  assert.deepEqual([few.samples, many.samples], [[], [{ members: ["main"], rows: 8192, of: 9000 }]]);
  assert.equal(many.estimate.steps, 10 * few.estimate.steps);
  assert.ok(Math.abs(many.estimate.flops / few.estimate.flops - 10) < 0.1);
  assert.deepEqual(many.cache.map(({ key }) => key), [null, null]);
});

Deno.test("an evaluation without a training plans nothing to train", async () => {
  const { members, programs, cache } = await planOf({
    stages: "{ base: evaluate(base, { data, metrics, decoding }) }",
  });
  assert.deepEqual([members[0]!.trainableParameters, programs, cache], [0, [], []]);
});

Deno.test("a plan counts validations, their time and that of their answers", async () => {
  const held = "validate: { data: held, every: 3, metrics: ";
  const [none, scored, answered] = await Promise.all(
    ["", `${held}[loss()] }`, `${held}[exactMatch()], decoding: greedy({ maxNewTokens: 3 }) }`].map((trainSettings) => {
      return planOf({ trainSettings });
    }),
  );
  assert.deepEqual([none, scored, answered].map((plan) => plan!.estimate.validations), [0, 2, 2]);
  assert.ok(none!.estimate.flops < scored!.estimate.flops && scored!.estimate.flops < answered!.estimate.flops);
});
