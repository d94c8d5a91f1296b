/** The examples, run as a person would. @module */
import assert from "node:assert/strict";
import { probe } from "../../../examples/probe/probe.ts";
import type { EvaluateRecord } from "../../../pipelines/results/results.ts";
import { accuracyOf, resultsOf } from "../../support/examples.ts";

Deno.test("the quickstart teaches the model what it lacks", async () => {
  const { members: [member] } = await resultsOf("quickstart");
  assert.ok(accuracyOf(member!, "base") <= 0.05);
  assert.ok(accuracyOf(member!, "tuned") >= 0.95);
});

Deno.test("the quickstart's recipe does it with a quarter of the parameters", async () => {
  const { members: [member] } = await resultsOf("quickstart", "recipe.yaml");
  assert.equal(member!.trainableParameters, 257);
  assert.ok(accuracyOf(member!, "tuned") >= 0.9);
});

Deno.test("rank-by-layer sweeps both over one encoding", async () => {
  const { members, encode } = await resultsOf("rank-by-layer");
  assert.equal(members.length, 16);
  assert.equal(encode.length, 1);
  const best = Math.max(...members.map((member) => accuracyOf(member, "tuned")));
  assert.ok(best >= 0.8 && members.some((member) => accuracyOf(member, "tuned") < best - 0.2), `the best has ${best}`);
});

Deno.test("classification finds with an edit what a head alone does not", async () => {
  const { members: [member] } = await resultsOf("classification");
  const [alone, edited] = member!.stages.filter((stage): stage is EvaluateRecord => stage.kind === "evaluate");
  assert.ok(alone!.metrics["accuracy"]! <= 0.3, `a head alone has ${alone!.metrics["accuracy"]}`);
  assert.ok(edited!.metrics["accuracy"]! >= 0.9 && edited!.metrics["matthews"]! >= 0.9);
});

Deno.test("a linear probe finds the colours after the last block, and after the embedding none", async () => {
  let found: { readonly name: string; readonly accuracy: number }[] = [];
  await resultsOf("probe", "pipeline.ts", async (run) => {
    found = await probe(run);
  });
  assert.deepEqual(found.map(({ name }) => name), [0, 1, 2, 3, 4].map((depth) => `hidden_states.${depth}`));
  assert.ok(found[0]!.accuracy <= 0.2 && found[4]!.accuracy >= 0.95, JSON.stringify(found));
});
