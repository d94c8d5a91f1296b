/**
 * Trainings that run side by side: members that differ in what is trained alone.
 *
 * @module
 */
import type { Program } from "../../ops/program.ts";
import { copyingBlock, isChosenByFunction } from "../compile/adaptations.ts";
import { copyTensors, type TensorMap, trainedForm } from "../compile/initial.ts";
import { cutAt } from "../compile/cut.ts";
import { prefixFeeds } from "../compile/feeds.ts";
import { compileTraining, typicalExtents } from "../compile/training.ts";
import { keyOf } from "../store/store.ts";
import type { EncodedExamples } from "./encode.ts";
import { encodingKey } from "./encoding.ts";
import { DivergedError, mostActivations, stepsOf, train } from "./train.ts";
import type { Tuned, TuneJob } from "./tune.ts";
import type { Workshop } from "./workshop.ts";

/** Equal for trainings that may run side by side; `undefined` for one that may not. */
export function sideBySideKey(job: TuneJob): string | undefined {
  const { stage: { spec, adaptations, layout, full }, programs } = job;
  const behind = copyingBlock(adaptations);
  if (full !== undefined || layout.tail === "whole" || behind === undefined) return undefined;
  // Functions that choose have numbers within their own member alone.
  if (adaptations.some(isChosenByFunction)) return undefined;
  const { model: _, ...settings } = spec;
  return keyOf([encodingKey(job), behind, settings, stepsOf({ ...job.stage, programs })]);
}

/** With so many rows at once the matrix products have come to their full speed. */
const enoughRows = 256;

/** How many trainings like this one run side by side: until the products are fast or the memory is used. */
export function mostSideBySide({ stage: { spec, rows }, programs }: TuneJob): number {
  const tokens = spec.batchSize * Math.max(...rows.map(({ tail }) => tail.length));
  return Math.max(1, Math.min(Math.ceil(enoughRows / tokens), mostActivations / (tokens * programs.activationBytes)));
}

/** The trainings of a list as one, their pieces and tensors numbered through. */
function joined(jobs: readonly TuneJob[]): Pick<TuneJob, "compiled" | "programs" | "initial"> {
  const [first] = jobs as readonly [TuneJob];
  if (jobs.length === 1) return first;
  const { stage: { layout, spec, rows } } = first;
  const members = jobs.map(({ stage }, at) => {
    return stage.adaptations.map((piece) => ({ ...piece, index: piece.index + firstIndex(jobs, at) }));
  });
  const compiled = { ...first.compiled, members };
  const initial = jobs.flatMap((job, at) =>
    Object.entries(job.initial).map(([name, tensor]) => [renumbered(name, firstIndex(jobs, at)), tensor] as const)
  );
  const chosen = jobs.flatMap(({ programs: { kept } }) => kept), { recomputed, bytePrice } = first.programs;
  const programs = compileTraining(compiled, layout, spec.optimizer.schedule.kind, typicalExtents(rows), (program) => {
    return { ...cutAt(program, chosen), recomputed, bytePrice };
  });
  return { compiled, programs, initial: Object.fromEntries(initial) };
}

/** How many pieces there are before those of a job. */
function firstIndex(jobs: readonly TuneJob[], at: number): number {
  return jobs.slice(0, at).reduce((sum, { stage }) => sum + stage.adaptations.length, 0);
}

/** A tensor's name, `${index}.${tensor}`, with the index raised. */
function renumbered(name: string, by: number): string {
  const dot = name.indexOf(".");
  return `${Number(name.slice(0, dot)) + by}${name.slice(dot)}`;
}

/**
 * Runs trainings of one {@linkcode sideBySideKey}, or a single one, and stores what each gives. Side by side they have
 * the frozen part in common and read each weight once for all; the numbers of each are those that it gives alone.
 *
 * @throws {DivergedError} If a loss is not finite; it holds that member's last good state alone.
 */
export async function runTunes(
  workshop: Workshop,
  jobs: readonly TuneJob[],
  encoded: EncodedExamples | undefined,
): Promise<Tuned[]> {
  const start = performance.now();
  const [{ stage, weights, programs: { runOverhead, activationBytes } }] = jobs as readonly [TuneJob];
  const { compiled: { members }, programs, initial } = joined(jobs);
  const { spec, layout, rows } = stage;
  const { parameters, bases } = stage.full === undefined
    ? trainedForm(members.flat(), initial)
    : { parameters: copyTensors(initial), bases: {} };
  const open = (program: Program) => workshop.session(program, weights);
  const toSaved = async (trained: TensorMap): Promise<TensorMap> => {
    if (stage.full !== undefined) return trained;
    const { outputs } = await (await open(programs.save)).run(copyTensors({ ...trained, ...bases }));
    return Object.fromEntries(Object.keys(initial).map((name) => [name, outputs[`saved.${name}`]!]));
  };
  const ownTensors = (all: TensorMap, at: number): TensorMap =>
    jobs.length === 1 ? all : Object.fromEntries(
      Object.keys(jobs[at]!.initial).map((name) => [name, all[renumbered(name, firstIndex(jobs, at))]!]),
    );
  const label = jobs.length === 1 ? `train ${stage.name}` : `train ${stage.name} × ${jobs.length}`;
  try {
    const { parameters: trained, losses, stepSeconds } = await train({
      spec,
      architecture: stage.model.architecture,
      members,
      layout,
      rows,
      steps: stepsOf({ spec, rows, programs: { runOverhead, activationBytes } }),
      programs,
      initial: parameters,
      fixed: { ...bases, ...(programs.readsPrefix ? prefixFeeds(rows[0]!, stage.model.architecture) : {}) },
      encoded,
      toSaved,
      session: (program) => open(programs[program]),
      beginProgress: (steps) => workshop.progress.begin(label, steps),
    });
    const all = await toSaved(trained);
    const share = (seconds: number) => seconds / jobs.length;
    const tuned = jobs.map((_, at): Omit<Tuned, "seconds"> => ({
      tensors: ownTensors(all, at),
      losses: losses[at]!,
      stepSeconds: stepSeconds.map(share),
      cached: false,
    }));
    for (const [at, { key }] of jobs.entries()) await store(workshop, key, tuned[at]!);
    return tuned.map((each) => ({ ...each, seconds: share((performance.now() - start) / 1000) }));
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const { problem, member, lastGood } = error;
    throw new DivergedError(problem, member, ownTensors(lastGood, member));
  } finally {
    // Each keeps the memory of its largest run, and the next trainings open their own.
    for (const program of [programs.train, programs.accumulate]) await workshop.release(program, weights);
  }
}

async function store(
  workshop: Workshop,
  key: string,
  { tensors, losses, stepSeconds }: Omit<Tuned, "seconds">,
): Promise<void> {
  await workshop.store.put("train", key, (writer) => {
    writer.declare({
      tensors: Object.entries(tensors).map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: { losses: JSON.stringify(losses), stepSeconds: JSON.stringify(stepSeconds) },
    });
    for (const [name, { data }] of Object.entries(tensors)) writer.append(name, data);
  });
}
