/** The loop over a training's steps, with a stub session that only counts. */
import assert from "node:assert/strict";
import { elementCount } from "../../../../ops/program/dimension.ts";
import type { Feeds, HostTensor } from "../../../../pipelines/common/host_tensor.ts";
import { trainedForm } from "../../../../pipelines/compile/parameters/initial.ts";
import type { Session } from "../../../../pipelines/runtime/runtime.ts";
import type { RunEvent } from "../../../../pipelines/results/events.ts";
import { weightsFor } from "../../../../pipelines/schedule/prepare/model_weights.ts";
import { trainJobOf } from "../../../../pipelines/schedule/train/train_job.ts";
import {
  DivergedError,
  runTrainingLoop,
  type TrainingLoop,
} from "../../../../pipelines/schedule/train/training_loop.ts";
import { inPreparedScene } from "../prepared.ts";

/** A record of what a loop did. */
interface Seen {
  readonly programs: string[];
  /** The number of each step that ran. */
  readonly runs: number[];
  /** The losses after each step. */
  readonly reached: number[][];
  readonly events: RunEvent[];
}

/** A tensor with a number added to each element. */
function raised({ data, shape }: HostTensor, by: number): HostTensor {
  return { data: Float32Array.from([...data], (each) => Number(each) + by), shape };
}

/** A session whose n-th run has the n-th loss, and adds 1 to every number of the state. */
function countingSession(name: string, losses: readonly number[], runs: number[]): Session {
  const run = (feeds: Feeds) => {
    runs.push(Number(feeds["step.index"]!.data[0]));
    const state = Object.entries(feeds).filter(([name]) => /^(first\.|second\.)?\d+\./.test(name));
    const next = Object.fromEntries(state.map(([name, tensor]) => [`next.${name}`, raised(tensor, 1)]));
    const loss = { data: Float32Array.of(losses[runs.length - 1]!), shape: [] };
    return Promise.resolve({ outputs: { ...next, "loss.0": loss }, seconds: 0 });
  };
  const model = {
    name,
    provider: "cpu",
    bytes: new Uint8Array(),
    fed: [],
    weights: [],
    extents: [],
    outputs: [],
  } as const;
  return { model, isApart: true, run, free: () => Promise.resolve(), close: () => Promise.resolve() };
}

/** Four steps of four rows each, from parameters of 0. */
async function inLoop(
  losses: readonly number[],
  test: (loop: TrainingLoop, seen: Seen) => Promise<void>,
): Promise<void> {
  await inPreparedScene({ positions: `"f1"` }, async (scene) => {
    const { runContext, trainings: [stage] } = scene, { spec, rows, layout, model: { architecture } } = stage!;
    const { programs, compiled, initial } = await trainJobOf(runContext, stage!, await weightsFor(runContext, stage!));
    const { bases } = trainedForm(compiled.members.flat(), await initial());
    const zeros = programs.parameters.map(({ name, shape }): [string, HostTensor] => {
      return [name, { data: new Float32Array(elementCount(shape)), shape }];
    });
    const seen: Seen = { programs: [], runs: [], reached: [], events: [] };
    const loop: TrainingLoop = {
      members: compiled.members,
      spec,
      architecture,
      layout,
      rows,
      programs,
      steps: Array.from({ length: 4 }, (_, at) => [at % 2 === 0 ? [0, 1, 2, 3] : [4, 5, 6, 7]]),
      initial: Object.fromEntries(zeros),
      fixed: bases,
      encoded: undefined,
      session: (program) => {
        seen.programs.push(program);
        return Promise.resolve(countingSession(program, losses, seen.runs));
      },
      toSaved: (trained) => Promise.resolve(trained),
      named: { stage: "tuned", members: ["main"] },
      emit: (event) => void seen.events.push(event),
      start: undefined,
      isOver: () => false,
      reached: ({ losses: [own] }) => Promise.resolve(void seen.reached.push([...own!])),
    };
    await test(loop, seen);
  });
}

const biasOf = (tensors: Readonly<Record<string, HostTensor>>) => Number(tensors["0.bias"]!.data[0]);

Deno.test("each step runs once, and its result is the next one's state", () =>
  inLoop([4, 3, 2, 1], async (loop, { programs, runs, reached }) => {
    const { parameters, losses, stepSeconds } = await runTrainingLoop(loop);
    assert.deepEqual(programs, ["train"]);
    assert.deepEqual(runs, [0, 1, 2, 3]);
    assert.deepEqual(losses, [[4, 3, 2, 1]]);
    assert.equal(stepSeconds.length, 4);
    assert.deepEqual(reached, [[4], [4, 3], [4, 3, 2], [4, 3, 2, 1]]);
    assert.equal(biasOf(parameters), 4);
  }));

Deno.test("each step reports its loss and rate, and whether it is the last of its epoch", () =>
  inLoop([4, 3, 2, 1], async (loop, { events }) => {
    const schedule = { kind: "linear", warmup: 0.5 } as const;
    const optimizer = { ...loop.spec.optimizer, learningRate: 0.1, schedule };
    // An epoch has two steps over these eight rows.
    await runTrainingLoop({ ...loop, spec: { ...loop.spec, optimizer, batchSize: 4, epochs: 2 } });
    const [first, ...later] = events;
    assert.deepEqual(first, { kind: "trainingStarted", stage: "tuned", members: ["main"], steps: 4, stepsDone: 0 });
    assert.deepEqual(later.map((event) => event.kind === "step" ? event.members[0]?.loss : event.kind), [
      ...[4, 3, "epoch", 2, 1, "epoch"],
    ]);
    const rates = later.flatMap((event) => event.kind === "step" ? event.learningRate : []);
    assert.deepEqual(rates.map((rate) => Number(rate?.toFixed(6))), [0, 0.05, 0.1, 0.05]);
  }));

Deno.test("a step whose rows run in groups adds up their losses, and then the optimizer steps", () =>
  inLoop([1, 2, 9, 4, 9], async (loop, { programs, runs }) => {
    const { losses } = await runTrainingLoop({ ...loop, steps: [[[0], [1]], [[2]]] });
    assert.deepEqual(programs, ["accumulate", "update"]);
    assert.deepEqual(runs, [0, 0, 0, 1, 1], "the third and the last run are the optimizer's");
    assert.deepEqual(losses, [[3, 4]]);
  }));

Deno.test("a resumed training continues after the completed steps", () =>
  inLoop([2, 1], async (loop, { runs }) => {
    const state = Object.fromEntries(Object.entries(loop.initial).map(([name, tensor]) => [name, raised(tensor, 2)]));
    const done = await runTrainingLoop({ ...loop, start: { step: 4, state, losses: [] } });
    assert.deepEqual([done.losses, biasOf(done.parameters)], [[[]], 2]);
    const { parameters, losses } = await runTrainingLoop({ ...loop, start: { step: 2, state, losses: [] } });
    assert.deepEqual([runs, losses], [[2, 3], [[2, 1]]]);
    assert.equal(biasOf(parameters), 4);
  }));

Deno.test("a first loss that is not finite is not blamed on the learning rate", () =>
  inLoop([NaN, 1], async (loop) => {
    await assert.rejects(runTrainingLoop(loop), {
      problem: "the loss of step 1 of 4 is NaN; check the weights that it starts from, the base model's and the edits'",
    });
  }));

Deno.test("a loss that is not finite ends the training with the parameters of the last finite loss", () =>
  inLoop([4, 3, NaN, 1], async (loop) => {
    const failure = await runTrainingLoop(loop).then(() => undefined, (error: unknown) => error);
    assert.ok(failure instanceof DivergedError);
    assert.equal(failure.problem, "the loss of step 3 of 4 is NaN; lower the learning rate");
    assert.deepEqual([failure.member, biasOf(failure.lastGood)], [0, 1]);
  }));
