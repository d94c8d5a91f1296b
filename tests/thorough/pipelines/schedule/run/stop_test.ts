/** Runs that are asked to stop: what they say, what they keep, and where the next run goes on. @module */
import assert from "node:assert/strict";
import { RequestError, StoppedError } from "../../../../../pipelines/common/errors.ts";
import { inProcessUnder, treeOf } from "../../../../support/command.ts";
import { leftBehind } from "../../../../support/left_behind.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { preferring } from "../../../../support/preferring.ts";
import { watchedRun } from "../../../../support/watched.ts";

async function wholeBytes(scene: Scene): Promise<Readonly<Record<string, string>>> {
  const { error } = await watchedRun(scene, "whole");
  assert.equal(error, undefined);
  return await leftBehind(scene.path("whole", "out"));
}

const kinds: Readonly<Record<string, Partial<PipelineParts>>> = {
  "loreft": { editSettings: "dropout: 0.1" },
  "loreft that is stopped within its warm-up and clipped": {
    optimizer: "adamw({ learningRate: 1e-2, schedule: refract.cosineSchedule({ warmupSteps: 3 }) })",
    trainSettings: "maxGradNorm: 0.01",
  },
  "lora with weight decay": {
    edit: "(({ rank }) => lora({ rank }))",
    optimizer: "adamw({ learningRate: 1e-2, weightDecay: 0.1, schedule: linearSchedule({ warmup: 0.5 }) })",
  },
  "lora with a rule that keeps rows and columns of gradients": {
    edit: "(({ rank }) => lora({ rank }))",
    optimizer: "refract.adafactor({ learningRate: 1e-2, beta1: 0.9 })",
  },
  "lora with a rule that keeps nothing": {
    edit: "(({ rank }) => lora({ rank }))",
    optimizer: "refract.sgd({ learningRate: 1e-2 })",
  },
  "answers compared with the frozen model's": preferring("dpo({ beta: 0.5 })"),
  "a reward head": preferring("bradleyTerry()", {
    edit: "...((options) => [loreft(options), refract.reward()])",
  }),
  "full finetuning": {
    edit: "(() => refract.fullFinetuning())",
    stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics: [loss()] }) }",
  },
};

for (const [kind, parts] of Object.entries(kinds)) {
  Deno.test(`a training of ${kind} that is stopped between steps goes on there and gives the same bytes`, () =>
    inScene(parts, async (scene) => {
      const expected = await wholeBytes(scene);
      const stopped = await watchedRun(scene, "out", {
        stopsAt: (label, done) => label.startsWith("train ") && done === 2,
      });
      assert.ok(stopped.error instanceof StoppedError);
      assert.match(
        stopped.error.message,
        /^stopped at step 2 of 4 of \S+; run the same command again to continue$/,
      );
      const { starts, error } = await watchedRun(scene, "out");
      assert.equal(error, undefined);
      assert.ok(starts.some((start) => /^train \S+ 2$/.test(start)), `${starts}`);
      assert.deepEqual(await leftBehind(scene.path("out", "out")), expected);
    }));
}

Deno.test("an evaluation that is stopped continues after its last batch", () =>
  inScene({
    metrics: "[exactMatch(), loss()]",
    heldOut: "rows",
    stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 1 }) }",
  }, async (scene) => {
    const expected = await wholeBytes(scene), begun: string[] = [];
    for (const [label, purpose, at] of [["evaluate", "answer", 4], ["score", "score", 2]] as const) {
      const stopped = await watchedRun(scene, "out", {
        stopsAt: (stage, done) => stage === `${label} tuned` && done === at,
      });
      assert.match(String(stopped.error), new RegExp(`stopped at ${purpose} ${at} of 8 of tuned; run the same`));
      begun.push(...stopped.starts.filter((start) => start.startsWith("evaluate")));
    }
    // The first one from its first batch of two rows, the second from where it was stopped.
    assert.deepEqual(begun, ["evaluate tuned 2", "evaluate tuned 4"]);
    const { starts } = await watchedRun(scene, "out");
    assert.deepEqual(starts, ["score tuned 2"]);
    assert.deepEqual(await leftBehind(scene.path("out", "out")), expected);
  }));

Deno.test("members that were stopped at one step go on side by side, another on its own", () =>
  inScene({ rank: 'sweep("rank", [1, 2, 3])' }, async (scene) => {
    const expected = await wholeBytes(scene);
    const stopsAt = (step: number) => (label: string, done: number) => label.startsWith("train") && done === step;
    await watchedRun(scene, "out", { stopsAt: stopsAt(2) });
    const alone = await watchedRun(scene, "out", { stopsAt: stopsAt(3), set: { rank: "2" } });
    assert.match(String(alone.error), /stopped at step 3 of 4/);
    const { starts, error } = await watchedRun(scene, "out");
    assert.equal(error, undefined);
    const trainings = starts.filter((start) => start.startsWith("train"));
    assert.deepEqual(trainings, ["train loreft × 2 2", "train loreft 3"]);
    assert.deepEqual(await leftBehind(scene.path("out", "out")), expected);
  }));

Deno.test("a checkpoint with bytes that were changed is dropped, and the training starts over", () =>
  inScene({}, async (scene) => {
    const expected = await wholeBytes(scene);
    await watchedRun(scene, "out", { stopsAt: (label, done) => label.startsWith("train ") && done === 3 });
    const [path] = treeOf(scene.path("out/store/checkpoint")).filter((path) => path.endsWith(".safetensors"));
    const file = scene.path("out/store/checkpoint", path!), bytes = await Deno.readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(file, bytes);
    const { starts } = await watchedRun(scene, "out");
    assert.ok(starts.includes("train loreft 1"), `${starts}`);
    assert.deepEqual(await leftBehind(scene.path("out", "out")), expected);
  }));

Deno.test("a resumed training that diverges gives back the last good state that it has when it is not stopped", () =>
  inScene({ edit: "direft", optimizer: "adamw({ learningRate: 1e30 })" }, async (scene) => {
    const { error } = await watchedRun(scene, "whole");
    assert.ok(error instanceof RequestError, String(error));
    const step = Number(/loss of step (\d+)/.exec(error.message)?.[1]) - 1;
    assert.ok(step >= 1);
    await watchedRun(scene, "out", { stopsAt: (label, done) => label.startsWith("train ") && done === step });
    const resumed = await watchedRun(scene, "out");
    assert.ok(resumed.starts.includes(`train direft ${step}`) || resumed.starts.length === 0, `${resumed.starts}`);
    assert.deepEqual(await leftBehind(scene.path("out", "out")), await leftBehind(scene.path("whole", "out")));
  }));

for (const [name, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`a command that ${name} stops says so in a line and exits with ${exitCode}`, () =>
    inScene({}, async (scene) => {
      const signal = AbortSignal.abort(new StoppedError(exitCode));
      const outcome = await inProcessUnder({ stops: () => signal }, "run", scene.pipeline, ...scene.places);
      assert.deepEqual(outcome, {
        code: exitCode,
        stdout: "",
        stderr: "stopped; run the same command again to continue\n",
      });
    }));
}
