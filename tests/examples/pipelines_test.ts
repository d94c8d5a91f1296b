/** The examples, run as a person would. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EvaluateRecord, MemberRecord, Results } from "../../pipelines/results/results.ts";
import { inProcess } from "../support/command.ts";
import { inFolder } from "../pipelines/models/support.ts";

async function resultsOf(example: string, name = "pipeline.ts"): Promise<Results> {
  let results: Results | undefined;
  await inFolder(async (folder) => {
    const file = fileURLToPath(new URL(`../../examples/${example}/${name}`, import.meta.url));
    const places = ["--store", join(folder, "store"), "--out", join(folder, "out")];
    const { code, stdout, stderr } = await inProcess("run", file, "--json", ...places);
    assert.equal(code, 0, stderr);
    results = JSON.parse(stdout);
  });
  return results!;
}

const accuracyOf = ({ stages }: MemberRecord, name: string) =>
  stages.find((stage): stage is EvaluateRecord => stage.kind === "evaluate" && stage.name === name)!
    .metrics["exactMatch"]!;

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

Deno.test("loreft-vs-lora compares edits with adapters, by accuracy and parameters", async () => {
  const { members } = await resultsOf("loreft-vs-lora");
  const ids = ["loreft", "direft", "lora", "dora", "ia3", "bitfit"].map((method) => `method=${method}`);
  assert.deepEqual(members.map(({ id }) => id), ids);
  for (const member of members) {
    assert.ok(accuracyOf(member, "tuned") >= 0.5, `${member.id}: ${accuracyOf(member, "tuned")}`);
  }
  const [loreft, , lora] = members;
  assert.ok(accuracyOf(loreft!, "tuned") >= accuracyOf(lora!, "tuned") - 0.05);
  assert.ok(loreft!.trainableParameters * 3 < lora!.trainableParameters);
});

Deno.test("rank-by-layer sweeps both over one encoding", async () => {
  const { members, encode } = await resultsOf("rank-by-layer");
  assert.equal(members.length, 16);
  assert.equal(encode.length, 1);
  const best = Math.max(...members.map((member) => accuracyOf(member, "tuned")));
  assert.ok(best >= 0.8 && members.some((member) => accuracyOf(member, "tuned") < best - 0.2), `the best has ${best}`);
});

Deno.test("tune-then-test chooses on held-back rows and tests three seeds of what it chose", async () => {
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

Deno.test("steering makes the model write on, by one direction", async () => {
  const { members } = await resultsOf("steering");
  const best = members.map((member) => accuracyOf(member, "steered")).sort((a, b) => b - a)[0]!;
  assert.ok(members.every((member) => accuracyOf(member, "base") === 0));
  assert.ok(best >= 0.9, `the best has ${best}`);
});

Deno.test("classification finds with an edit what a head alone does not", async () => {
  const { members: [member] } = await resultsOf("classification");
  const [alone, edited] = member!.stages.filter((stage): stage is EvaluateRecord => stage.kind === "evaluate");
  assert.ok(alone!.metrics["accuracy"]! <= 0.3, `a head alone has ${alone!.metrics["accuracy"]}`);
  assert.ok(edited!.metrics["accuracy"]! >= 0.9 && edited!.metrics["matthews"]! >= 0.9);
});
