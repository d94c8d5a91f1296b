/** Trainings that are validated while they run: what is kept of them, when they end, and what a run that died continues from. */
import assert from "node:assert/strict";
import { ofKind } from "../../../../../pipelines/common/of_kind.ts";
import { StoppedError } from "../../../../../pipelines/common/errors.ts";
import { readResults } from "../../../../../pipelines/results/read_results.ts";
import type { TrainRecord } from "../../../../../pipelines/results/results.ts";
import { everyStep, inProcessUnder } from "../../../../support/command.ts";
import { dyingAt } from "../../../../support/dying.ts";
import { leftBehind } from "../../../../support/left_behind.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { watchedRun } from "../../../../support/watched.ts";

const validate = "validate: { data: held, metrics: [loss(), exactMatch()], decoding: greedy({ maxNewTokens: 3 }) }";

/** Six epochs of four steps at a rate that soon does harm; the two members are at their best at unlike steps. */
const parts: Partial<PipelineParts> = {
  rank: 'sweep("rank", [1, 2])',
  epochs: "6",
  batchSize: "2",
  optimizer: "adamw({ learningRate: 5e-2 })",
  trainSettings: `${validate}, keep: "best", patience: 2, checkpoints: [1, 2]`,
  stages: "{ tuned, late: evaluate(tuned.at(2), { data: held, metrics: [loss()] }) }",
};

/** What a member's training gave in the run at a place. */
async function trainingIn(scene: Scene, place: string, member = "main"): Promise<TrainRecord> {
  const results = await readResults(scene.path(place, "out"));
  return ofKind(results!.members.find(({ id }) => id === member)!.stages, "train")[0]!;
}

async function run(
  scene: Scene,
  place: string,
  file = "pipeline.ts",
  ...options: readonly string[]
): Promise<string> {
  const places = ["--store", scene.path(place, "store"), "--out", scene.path(place, "out"), "--threads", "1"];
  const { code, stderr } = await inProcessUnder(
    { checkpointInterval: everyStep },
    "run",
    scene.path(file),
    ...places,
    ...options,
  );
  assert.equal(code, 0, stderr);
  return stderr;
}

const weightsIn = (scene: Scene, place: string, folder: string) =>
  Deno.readFile(scene.path(place, "out", "members", folder, "intervention", "weights.safetensors"));

Deno.test("a training keeps its best parameters and ends when patience is out, each member on its own", () =>
  inScene(parts, async (scene) => {
    await run(scene, "together");
    const both = await leftBehind(scene.path("together", "out"));
    for (const rank of [1, 2]) {
      const { steps, losses, validation = [], best } = await trainingIn(scene, "together", `rank=${rank}`);
      const values = validation.map(({ metrics }) => metrics["loss"]!), lowest = values.indexOf(Math.min(...values));
      assert.deepEqual(best, { step: 4 * (lowest + 1), metric: "loss" });
      assert.deepEqual(validation.map(({ step }) => step), values.map((_, at) => 4 * (at + 1)));
      assert.equal(steps, Math.min(24, best.step + 8), "two validations after the best one are the last");
      assert.equal(losses.length, steps);
      assert.deepEqual(Object.keys(validation[0]!.metrics), ["loss", "exactMatch"]);
      await run(scene, `${rank}`, "pipeline.ts", "--set", `rank=${rank}`);
      const alone = await leftBehind(scene.path(`${rank}`, "out"));
      for (const file of ["intervention/weights.safetensors", "epoch=2/intervention/weights.safetensors"]) {
        const path = `members/rank=${rank}/${file}`;
        assert.equal(both[path], alone[path], path);
      }
      assert.deepEqual((await trainingIn(scene, `${rank}`, `rank=${rank}`)).validation, validation);
    }
  }));

Deno.test("the best parameters are those of their step, and epochs are those that a shorter training would keep", () =>
  inScene(
    { ...parts, rank: "1", trainSettings: `${validate}, keep: "best", checkpoints: [1, 2, 3, 4, 5, 6]` },
    async (scene) => {
      await run(scene, "kept");
      const { best, validation = [] } = await trainingIn(scene, "kept");
      assert.deepEqual(
        await weightsIn(scene, "kept", "main"),
        await weightsIn(scene, "kept", `main/epoch=${best!.step / 4}`),
      );
      const late = ofKind((await readResults(scene.path("kept", "out")))!.members[0]!.stages, "evaluate")[0]!;
      // A validation continues from what was encoded of the rows, and an evaluation reads them whole: the last bits differ.
      const [found, measured] = [late.metrics["loss"]!, validation[1]!.metrics["loss"]!];
      assert.ok(
        Math.abs(found - measured) <= 1e-6 * measured,
        `${found} is not the ${measured} that was measured then`,
      );
      assert.equal(await run(scene, "kept"), "", "all of it is in the store");
    },
  ));

Deno.test("a validation changes nothing of a training that keeps its last parameters", () =>
  inScene({ ...parts, rank: "1", trainSettings: "", stages: "{ tuned }" }, async (scene) => {
    await run(scene, "plain");
    const plain = await trainingIn(scene, "plain");
    const text = await Deno.readTextFile(scene.pipeline);
    await scene.write(
      "watched.ts",
      text.replace("optimizer,  }", "optimizer, validate: { data: held, every: 5, metrics: [loss()] } }"),
    );
    await run(scene, "watched", "watched.ts");
    const watched = await trainingIn(scene, "watched");
    assert.deepEqual(watched.losses, plain.losses);
    assert.deepEqual(watched.validation?.map(({ step }) => step), [5, 10, 15, 20, 24]);
    assert.deepEqual(await weightsIn(scene, "watched", "main"), await weightsIn(scene, "plain", "main"));
  }));

Deno.test("a validated run that dies again and again comes to the same bytes", () =>
  inScene({ ...parts, epochs: "3" }, async (scene) => {
    await run(scene, "whole");
    const expected = await leftBehind(scene.path("whole", "out"));
    let lives = 1;
    // What is written to the run's folder is written again each time.
    while ((await dyingAt(6 + 4 * lives, () => run(scene, "dies"))).died) assert.ok(lives++ < 20);
    assert.ok(lives > 4, `${lives} lives`);
    assert.deepEqual(await leftBehind(scene.path("dies", "out")), expected);
    assert.deepEqual(
      scene.filesOf("dies/store").filter((path) => /^(checkpoint|part)\/.*\.safetensors$/.test(path)),
      [],
    );
  }));

Deno.test("a run that is stopped after a step and before its validation makes up for it", () =>
  inScene({ ...parts, epochs: "3", rank: "1" }, async (scene) => {
    assert.equal((await watchedRun(scene, "whole")).error, undefined);
    const expected = await leftBehind(scene.path("whole", "out"));
    for (const step of [4, 12]) {
      const stopped = await watchedRun(scene, "out", {
        stopsAt: (label, done) => label.startsWith("train ") && done === step,
      });
      assert.ok(stopped.error instanceof StoppedError);
    }
    assert.equal((await watchedRun(scene, "out")).error, undefined);
    assert.deepEqual(await leftBehind(scene.path("out", "out")), expected);
  }));

Deno.test("the epochs that are kept can be swept over, and the training runs once", () =>
  inScene({
    ...parts,
    rank: "1",
    epochs: "2",
    trainSettings: "checkpoints: [1, 2]",
    stages: '{ late: evaluate(tuned.at(sweep("epoch", [1, 2])), { data: held, metrics: [loss()] }) }',
  }, async (scene) => {
    await run(scene, "out");
    const { members } = (await readResults(scene.path("out", "out")))!;
    const trained = members.flatMap(({ stages }) => ofKind(stages, "train"));
    assert.deepEqual(trained.map(({ cached }) => cached), [false, true]);
    const losses = members.flatMap(({ stages }) => ofKind(stages, "evaluate").map(({ metrics }) => metrics["loss"]!));
    assert.ok(losses.length === 2 && losses[0] !== losses[1], `${losses}`);
  }));
