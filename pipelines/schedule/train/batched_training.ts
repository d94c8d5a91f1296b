/**
 * Trainings that run side by side: members that differ in what is trained alone.
 *
 * @module
 */
import type { Program } from "../../../ops/program/program.ts";
import { copyingBlock } from "../../compile/lower/members_hook.ts";
import { isSelectedByFunction } from "../../compile/lower/adaptation.ts";
import { copyTensors, type TensorMap, trainedForm } from "../../compile/parameters/initial.ts";
import { sharedFeeds } from "../../compile/rows/feeds.ts";
import { isWhole } from "../../compile/rows/layout.ts";
import { StoppedError } from "../../common/errors.ts";
import { keyOf } from "../../store/store.ts";
import { CheckpointKeeper, historyOf, removeCheckpoint, type ResumableTune, stepsBehind } from "./checkpoint.ts";
import type { EncodedExamples } from "../encode/encode.ts";
import { encodingKey } from "../context/keys.ts";
import { batchedJob, batchedTensors, ownTensors } from "./batched_members.ts";
import { DivergedError, mostActivations, stepsOf, train, type TrainJob } from "./train.ts";
import type { Tuned, TuneJob } from "./tune.ts";
import type { RunContext } from "../context/run_context.ts";

/** Equal for trainings that may run side by side; `undefined` for one that may not. */
export function batchingKey(job: TuneJob): string | undefined {
  const { stage: { spec, adaptations, layout, full }, programs } = job;
  const behind = copyingBlock(adaptations);
  if (full !== undefined || isWhole(layout) || behind === undefined) return undefined;
  // Functions that choose have numbers within their own member alone.
  if (adaptations.some(isSelectedByFunction)) return undefined;
  const { model: _, ...settings } = spec;
  return keyOf([encodingKey(job), behind, settings, stepsOf({ ...job.stage, programs })]);
}

/** With so many rows at once the matrix products have come to their full speed. */
const enoughRows = 256;

/** How many trainings like this one run side by side: until the products are fast or the memory is used. */
export function mostBatched({ stage: { spec, rows }, programs }: TuneJob): number {
  const tokens = spec.batchSize * Math.max(...rows.map(({ tail }) => tail.length));
  return Math.max(1, Math.min(Math.ceil(enoughRows / tokens), mostActivations / (tokens * programs.activationBytes)));
}

/**
 * Runs trainings of one {@linkcode batchingKey}, or a single one, and stores what each gives. Side by side they have
 * the frozen part in common and read each weight once for all; the numbers of each are those that it gives alone.
 *
 * @param trainings Their checkpoints, if they have any, are at the same step.
 * @throws {DivergedError} If a loss is not finite; it holds that member's last good state alone.
 * @throws {StoppedError} If the run was stopped; the state after the newest step is kept, if there was a way to.
 */
export async function runTunes(
  runContext: RunContext,
  trainings: readonly ResumableTune[],
  encoded: EncodedExamples | undefined,
): Promise<Tuned[]> {
  const start = performance.now(), jobs = trainings.map(({ job }) => job);
  const [{ job: { stage, weights, programs: costs } }] = trainings as readonly [ResumableTune];
  const { compiled: { members }, programs, initial } = await batchedJob(runContext, jobs);
  const { spec, layout, rows } = stage;
  const { parameters, bases } = trainedForm(members.flat(), initial);
  const open = (program: Program) => runContext.session(program, weights);
  const toSaved = async (trained: TensorMap): Promise<TensorMap> => {
    if (stage.full !== undefined) return { ...initial, ...trained };
    const { outputs } = await (await open(programs.save)).run(copyTensors({ ...trained, ...bases }));
    return Object.fromEntries(Object.keys(initial).map((name) => [name, outputs[`saved.${name}`]!]));
  };
  const steps = stepsOf({ spec, rows, programs: costs });
  const keeper = new CheckpointKeeper(runContext, trainings);
  const label = jobs.length === 1 ? `train ${stage.name}` : `train ${stage.name} × ${jobs.length}`;
  try {
    const run = await train({
      spec,
      architecture: stage.model.architecture,
      members,
      layout,
      rows,
      steps,
      programs,
      initial: stage.full === undefined ? parameters : { ...copyTensors(initial), ...parameters },
      fixed: { ...bases, ...(programs.readsShared ? sharedFeeds(rows[0]!, layout, stage.model.architecture) : {}) },
      encoded,
      toSaved,
      session: (program) => open(programs[program]),
      beginProgress: (steps) => runContext.progress.begin(label, steps),
      start: startOf(trainings),
      reached: (run) => keeper.reached(run),
    });
    const all = await toSaved(run.parameters);
    const tuned = jobs.map((_, at): Omit<Tuned, "seconds"> => {
      return {
        tensors: ownTensors(jobs, at, all),
        ...historyOf(trainings, at, run),
        cached: false,
        encoding: encoded?.record,
      };
    });
    for (const [at, job] of jobs.entries()) {
      await store(runContext, job.key, tuned[at]!);
      removeCheckpoint(runContext.store, job);
    }
    return tuned.map((each) => ({ ...each, seconds: (performance.now() - start) / 1000 / jobs.length }));
  } catch (error) {
    if (error instanceof StoppedError) {
      throw error.at(`at step ${await keeper.keep()} of ${steps.length} of ${stage.name}`);
    }
    if (!(error instanceof DivergedError)) throw error;
    const { problem, member, lastGood } = error;
    throw new DivergedError(problem, member, ownTensors(jobs, member, lastGood));
  } finally {
    // Each keeps the memory of its largest run, and the next trainings open their own.
    for (const program of [programs.train, programs.accumulate]) await runContext.release(program, weights);
  }
}

/** Where trainings that have checkpoints go on, as one. */
function startOf(trainings: readonly ResumableTune[]): TrainJob["start"] {
  const step = stepsBehind(trainings[0]?.checkpoint);
  if (step === 0) return undefined;
  const states = trainings.map(({ checkpoint }) => checkpoint?.tensors ?? {});
  return { step, state: batchedTensors(trainings.map(({ job }) => job), states) };
}

async function store(
  runContext: RunContext,
  key: string,
  { tensors, losses, stepSeconds, encoding }: Omit<Tuned, "seconds">,
): Promise<void> {
  await runContext.store.put("train", key, (writer) => {
    writer.declare({
      tensors: Object.entries(tensors).map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: {
        losses: JSON.stringify(losses),
        stepSeconds: JSON.stringify(stepSeconds),
        ...encoding === undefined ? {} : { encoding: JSON.stringify(encoding) },
      },
    });
    for (const [name, { data }] of Object.entries(tensors)) writer.append(name, data);
  });
}
