/**
 * Runs batched trainings: members that differ only in what is trained.
 *
 * @module
 */
import type { Program } from "../../../ops/program/program.ts";
import { madeOf } from "../../common/row_list.ts";
import { StoppedError } from "../../common/errors.ts";
import { copyTensors, type TensorMap, trainedForm } from "../../compile/parameters/initial.ts";
import { objectiveFeeds } from "../../compile/rows/answers.ts";
import { sharedFeeds } from "../../compile/rows/feeds.ts";
import type { ReferenceRecord } from "../../results/results.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EncodedExamples } from "../encode/encoded_examples.ts";
import { type Reference, referenceOf } from "../preferences/reference.ts";
import { needsReference } from "../preferences/rewards.ts";
import type { Sessions } from "../context/sessions.ts";
import { batched, batchedTensors, ownTensors } from "./batched_members.ts";
import { CheckpointKeeper, historyOf, type ResumableTraining, stepsDone } from "./checkpoint_keeper.ts";
import { stepsOf } from "./steps.ts";
import { storeTrained, type Trained } from "./trained.ts";
import { DivergedError, type LoopProgress, runTrainingLoop, type TrainingLoop } from "./training_loop.ts";
import { type MeasureValidation, TrainingWatch } from "./training_watch.ts";

/**
 * Runs trainings with the same {@linkcode batchingKey}, or a single one, and stores each result. Batched trainings
 * share the frozen part and read each weight once for all; the results of each are those of training it alone.
 *
 * @param trainings Their checkpoints, if any, are at the same step.
 * @param measure Measures their validations.
 * @throws {DivergedError} If a loss is not finite; it holds only that member's last good state.
 * @throws {StoppedError} If the run was stopped; the state after the newest step is saved if possible.
 */
export async function runTrainings(
  runContext: RunContext,
  trainings: readonly ResumableTraining[],
  encoded: EncodedExamples | undefined,
  measure: MeasureValidation,
): Promise<Trained[]> {
  const start = performance.now(), jobs = trainings.map(({ job }) => job);
  const [{ job: { stage, weights, programs: costs } }] = trainings as readonly [ResumableTraining];
  const { compiled: { members }, programs, initial } = await batched(runContext, jobs);
  const { spec, layout, rows } = stage;
  const { parameters, bases } = trainedForm(members.flat(), initial);
  const open = (program: Program) => runContext.sessions.open(program, weights);
  const toSaved = async (own: TensorMap): Promise<TensorMap> => {
    if (stage.full !== undefined) return { ...initial, ...own };
    const { outputs } = await (await open(programs.save)).run(copyTensors({ ...own, ...bases }));
    return Object.fromEntries(Object.keys(initial).map((name) => [name, outputs[`saved.${name}`]!]));
  };
  const steps = stepsOf({ spec, rows, programs: costs });
  const devices = runContext.devices.filter(({ hasFailed }) => !hasFailed), held: [Sessions, Program][] = [];
  const reference = needsReference(spec.objective)
    ? await referenceOf(runContext, {
      name: stage.name,
      model: stage.model,
      weights,
      examples: madeOf(rows, ({ whole }) => whole),
    })
    : undefined;
  const watch = new TrainingWatch({ runContext, trainings, measure, toSaved });
  const ended = new Map<number, Omit<Trained, "seconds">>(), isOver = (member: number) => ended.has(member);
  const keeper = new CheckpointKeeper(runContext, trainings, { isOver, kept: (member) => watch.kept(member) });
  const end = async (at: number, run: Omit<LoopProgress, "state" | "parameters">, all: () => Promise<TensorMap>) => {
    const { best, ...validated } = watch.kept(at), tensors = best ?? ownTensors(jobs, at, await all());
    const history = { ...historyOf(trainings, at, run), ...validated };
    const frozen = reference && recordOf(reference, at);
    const trained = { tensors, ...history, cached: false, encoding: encoded?.record, reference: frozen };
    await storeTrained(runContext.store, jobs[at]!.key, trained);
    ended.set(at, trained);
  };
  try {
    const run = await runTrainingLoop({
      spec,
      architecture: stage.model.architecture,
      members,
      layout,
      rows,
      steps,
      programs,
      initial: stage.full === undefined ? parameters : { ...copyTensors(initial), ...parameters },
      fixed: {
        ...bases,
        ...objectiveFeeds(spec.objective),
        ...(programs.readsShared ? sharedFeeds(rows.at(0)!, layout, stage.model.architecture) : {}),
      },
      reference: reference?.scores,
      encoded,
      toSaved,
      session: (name, replica = 0) => {
        const sessions = devices[replica % devices.length]!, program = programs[name];
        held.push([sessions, program]);
        return sessions.hold(program, weights);
      },
      named: { stage: stage.name, members: trainings.map(({ member }) => member) },
      emit: runContext.emit,
      start: startOf(trainings),
      async reached(run) {
        await watch.reached(run, isOver);
        for (const at of jobs.keys()) {
          if (!isOver(at) && watch.isOutOfPatience(at)) await end(at, run, () => toSaved(run.parameters()));
        }
        await keeper.reached(run);
      },
      isOver,
    });
    let all: Promise<TensorMap> | undefined;
    for (const at of jobs.keys()) if (!isOver(at)) await end(at, run, () => all ??= toSaved(run.parameters));
    const seconds = (performance.now() - start) / 1000 / jobs.length;
    return jobs.map((_, at) => ({ ...ended.get(at)!, seconds }));
  } catch (error) {
    if (error instanceof StoppedError) {
      throw error.at(`at step ${await keeper.keep()} of ${steps.length} of ${stage.name}`);
    }
    if (!(error instanceof DivergedError)) throw error;
    const { problem, member, lastGood } = error;
    throw new DivergedError(problem, member, ownTensors(jobs, member, lastGood));
  } finally {
    // Each keeps the memory of its largest run, and the next trainings open their own.
    for (const [sessions, program] of held) await sessions.release(program, weights);
  }
}

/** Where trainings with checkpoints continue, combined. */
function startOf(trainings: readonly ResumableTraining[]): TrainingLoop["start"] {
  const step = stepsDone(trainings[0]?.checkpoint);
  if (step === 0) return undefined;
  const states = trainings.map(({ checkpoint }) => checkpoint?.tensors ?? {});
  const losses = trainings.map(({ checkpoint }) => checkpoint?.losses ?? []);
  return { step, state: batchedTensors(trainings.map(({ job }) => job), states), losses };
}

/** What a training records about the frozen model's scores, which the first of a batch requested. */
function recordOf({ key, cached, seconds }: Reference, at: number): ReferenceRecord {
  return at === 0 ? { key, cached, seconds } : { key, cached: true, seconds: 0 };
}
