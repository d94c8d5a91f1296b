/** The slower examples, run as a user would. @module */
import assert from "node:assert/strict";
import type { EvaluateRecord } from "../../pipelines/results/results.ts";
import { accuracyOf, resultsOf } from "../support/examples.ts";

Deno.test("loreft-vs-lora compares edits with adapters by accuracy and parameters", async () => {
  const { members } = await resultsOf("loreft-vs-lora");
  const ids = ["loreft", "direft", "lora_r4", "lora_r4_prompt", "dora", "ia3", "bitfit"].map((method) =>
    `method=${method}`
  );
  assert.deepEqual(members.map(({ id }) => id), ids);
  for (const member of members) {
    assert.ok(accuracyOf(member, "tuned") >= 0.5, `${member.id}: ${accuracyOf(member, "tuned")}`);
  }
  const [loreft, , lora] = members;
  assert.ok(accuracyOf(loreft!, "tuned") >= accuracyOf(lora!, "tuned") - 0.05);
  assert.ok(loreft!.trainableParameters * 3 < lora!.trainableParameters);
});

Deno.test("tune-then-test selects on held-out rows and tests its selection with three seeds", async () => {
  const { members, summaries } = await resultsOf("tune-then-test");
  assert.deepEqual(members.slice(9).map(({ id }) => id), [42, 43, 44].map((seed) => `best,seed=${seed}`));
  const losses = members.slice(0, 9).map(({ id, stages }) => {
    return { id, loss: stages.find((stage): stage is EvaluateRecord => stage.kind === "evaluate")!.metrics["loss"]! };
  });
  const [chosen] = members[9]!.chosen!;
  assert.equal(chosen!.member, losses.reduce((best, each) => each.loss < best.loss ? each : best).id);
  const { mean, count } = summaries!.find(({ id }) => id === "best")!.stages[0]!.metrics["exactMatch"]!;
  assert.ok(count === 3 && mean >= 0.9, `a mean of ${mean}`);
});

Deno.test("preferences trains the model to prefer and generate an answer, and a head to score it", async () => {
  const { members } = await resultsOf("preferences");
  assert.deepEqual(members.map(({ id }) => id), ["objective=dpo", "objective=reps"]);
  const metricsOf = (at: number, name: string) =>
    members[at]!.stages.find((stage): stage is EvaluateRecord => stage.kind === "evaluate" && stage.name === name)!
      .metrics;
  assert.equal(metricsOf(0, "base")["exactMatch"], 0);
  for (const at of [0, 1]) assert.ok(metricsOf(at, "preferred")["rewardAccuracy"]! >= 0.95);
  assert.ok(metricsOf(0, "preferred")["exactMatch"]! >= 0.3 && metricsOf(1, "preferred")["exactMatch"]! >= 0.9);
  assert.ok(metricsOf(0, "judge")["rewardAccuracy"]! >= 0.95);
});

Deno.test("steering makes the model continue writing, with one direction", async () => {
  const { members } = await resultsOf("steering");
  const best = members.map((member) => accuracyOf(member, "steered")).sort((a, b) => b - a)[0]!;
  assert.ok(members.every((member) => accuracyOf(member, "base") === 0));
  assert.ok(best >= 0.9, `the best has ${best}`);
});
