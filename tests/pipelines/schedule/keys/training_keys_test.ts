/** The keys of trainings depend on everything that determines their bytes, and on nothing else. */
import assert from "node:assert/strict";
import { rowsDigest } from "../../../../pipelines/schedule/keys/row_keys.ts";
import { budgetPart, encodingKey, programsKey, trainKey } from "../../../../pipelines/schedule/keys/training_keys.ts";
import { weightsFor } from "../../../../pipelines/schedule/prepare/model_weights.ts";
import type { PreparedTraining } from "../../../../pipelines/schedule/prepare/prepared.ts";
import type { PipelineParts } from "../../../support/scene.ts";
import { inPreparedScene, type PreparedScene } from "../prepared.ts";

type KeyName = "rows" | "encoding" | "programs" | "result";

/** The keys of a training, by name. */
async function keysOf(
  { runContext }: PreparedScene,
  stage: PreparedTraining,
): Promise<Readonly<Record<KeyName, string>>> {
  const weights = await weightsFor(runContext, stage);
  return {
    rows: rowsDigest(stage.rows),
    encoding: encodingKey(stage, weights),
    programs: programsKey(stage, weights, runContext),
    result: await trainKey(runContext, stage, weights),
  };
}

const withAxis = (values: string, parts: Partial<PipelineParts>) => {
  return { preamble: `const either = sweep("either", ${values});`, ...parts };
};
const labelled = (...labels: readonly string[]) => {
  const rows = labels.map((label, at) => ({ text: `row ${at}`, label }));
  return `records(${JSON.stringify(rows)}, { text: "{text}", label: "{label}" })`;
};
const ofClasses = `refract.classification({ labels: ["yes", "no"] })`;

/** Pairs of trainings that differ in one thing, and the keys that they share nevertheless. */
const pairs: Readonly<Record<string, { readonly parts: Partial<PipelineParts>; readonly shared: readonly KeyName[] }>> =
  {
    "the rank": { parts: withAxis("[1, 2]", { rank: "either" }), shared: ["rows", "encoding"] },
    "the block": { parts: withAxis("[0, 1]", { at: "block(either).output" }), shared: ["rows", "encoding"] },
    "the positions": { parts: withAxis(`["l1", "l2"]`, { positions: "either" }), shared: [] },
    "the seed": {
      parts: withAxis("[1, 2]", { trainSettings: "seed: either" }),
      shared: ["rows", "encoding", "programs"],
    },
    "the epochs": { parts: withAxis("[1, 2]", { epochs: "either" }), shared: ["rows", "encoding", "programs"] },
    "the learning rate": {
      parts: withAxis("[0.1, 0.2]", { optimizer: "adamw({ learningRate: either })" }),
      shared: ["rows", "encoding", "programs"],
    },
    "the number of rows": { parts: withAxis("[rows.take(3), rows]", { data: "either" }), shared: [] },
    "the labels": {
      parts: withAxis(`[${labelled("yes", "no")}, ${labelled("no", "no")}]`, {
        stages: `{ tuned: train(base.with(${ofClasses}), { data: either, epochs, batchSize, optimizer }) }`,
      }),
      shared: ["rows", "encoding", "programs"],
    },
  };

for (const [name, { parts, shared }] of Object.entries(pairs)) {
  Deno.test(`trainings that differ in ${name} share ${shared.join(", ") || "no"} keys`, () =>
    inPreparedScene(parts, async (scene) => {
      const [first, second] = await Promise.all(scene.trainings.map((stage) => keysOf(scene, stage)));
      const same = (Object.keys(first!) as KeyName[]).filter((key) => first![key] === second![key]);
      assert.deepEqual(same, shared);
    }));
}

Deno.test("the evaluation does not affect a training's key", async () => {
  const found: Readonly<Record<KeyName, string>>[] = [];
  for (const metrics of ["[exactMatch()]", "[exactMatch(), loss()]"]) {
    await inPreparedScene({ metrics }, async (scene) => void found.push(await keysOf(scene, scene.trainings[0]!)));
  }
  const [{ encoding: _, ...first }, { encoding: __, ...second }] = found as [typeof found[0], typeof found[0]];
  assert.deepEqual(first, second);
});

Deno.test("a training's key depends on its validation and on which epoch it keeps, and not on additional checkpoints", async () => {
  const keyWith = async (trainSettings: string): Promise<string> => {
    let found = "";
    await inPreparedScene({ trainSettings }, async (scene) => {
      found = (await keysOf(scene, scene.trainings[0]!)).result;
    });
    return found;
  };
  const validate = "validate: { data: held, metrics: [loss()] }";
  assert.equal(await keyWith("checkpoints: [1]"), await keyWith(""));
  const keys = await Promise.all(
    ["", validate, `${validate}, keep: "best"`, `${validate}, patience: 1`, validate.replace("held", "held.take(2)")]
      .map(keyWith),
  );
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("a budget affects a key only where it can matter", () =>
  inPreparedScene({}, ({ trainings: [training] }) => {
    assert.equal(budgetPart(training!, 2 ** 30), null);
    assert.equal(budgetPart(training!, 1000), 1000);
  }));
