/**
 * Trainings combined into one: renumbers their adaptations and tensors, and separates them again.
 *
 * @module
 */
import { compileTraining } from "../../compile/frontier/compiled_training.ts";
import { cutAt } from "../../compile/frontier/cut.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import type { RunContext } from "../context/run_context.ts";
import type { TrainJob } from "./train_job.ts";

/** The trainings of a list as one, with their initial values. */
export async function batched(
  { activationMemory }: Pick<RunContext, "activationMemory">,
  jobs: readonly TrainJob[],
): Promise<Pick<TrainJob, "compiled" | "programs"> & { readonly initial: TensorMap }> {
  const [first] = jobs as readonly [TrainJob];
  const initial = batchedTensors(jobs, await Promise.all(jobs.map((job) => job.initial())));
  if (jobs.length === 1) return { compiled: first.compiled, programs: first.programs, initial };
  const { stage: { layout, spec, rows } } = first;
  const members = jobs.map(({ stage }, at) => {
    return stage.adaptations.map((adaptation) => ({ ...adaptation, index: adaptation.index + firstIndex(jobs, at) }));
  });
  const compiled = { ...first.compiled, members };
  // Cut where each was cut alone.
  const chosen = jobs.flatMap(({ programs: { kept } }) => kept), { recomputed, bytePrice } = first.programs;
  const programs = compileTraining(compiled, layout, steppingOf(spec), rows, (program) => {
    return { ...cutAt(program, chosen), recomputed, bytePrice };
  }, activationMemory);
  return { compiled, programs, initial };
}

/** Each training's own tensors as tensors of the combined training. */
export function batchedTensors(jobs: readonly TrainJob[], own: readonly TensorMap[]): TensorMap {
  return Object.fromEntries(
    own.flatMap((tensors, at) =>
      Object.entries(tensors).map(([name, tensor]) => [renumbered(name, firstIndex(jobs, at)), tensor] as const)
    ),
  );
}

/** One training's own tensors, under the names that they have when it runs alone. */
export function ownTensors(jobs: readonly TrainJob[], at: number, all: TensorMap): TensorMap {
  if (jobs.length === 1) return all;
  const first = firstIndex(jobs, at), end = firstIndex(jobs, at + 1);
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, tensor]) => {
      const index = indexOf(name);
      return index >= first && index < end ? [[renumbered(name, -first), tensor] as const] : [];
    }),
  );
}

/** The number of adaptations before those of a job. */
function firstIndex(jobs: readonly TrainJob[], at: number): number {
  return jobs.slice(0, at).reduce((sum, { stage }) => sum + stage.adaptations.length, 0);
}

/** A tensor's name is `${index}.${tensor}`; derived values such as moments have a prefix before that. */
const numbered = /^((?:[a-z]+\.)?)(\d+)(?=\.)/;

function indexOf(name: string): number {
  return Number(numbered.exec(name)?.[2]);
}

/** A tensor's name with its index shifted. */
function renumbered(name: string, by: number): string {
  return by === 0 ? name : name.replace(numbered, (_, word: string, index: string) => `${word}${Number(index) + by}`);
}
