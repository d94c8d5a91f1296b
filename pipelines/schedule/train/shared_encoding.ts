/**
 * Which trainings share an encoding, and what it must hold for all of them.
 *
 * @module
 */
import { headOf } from "../../compile/lower/adaptation.ts";
import type { KeptValue } from "../../compile/frontier/cut.ts";
import type { EncodeJob } from "../encode/encode_job.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { takenRows } from "./steps.ts";
import type { TrainJob } from "./train_job.ts";

/**
 * One encoding for trainings with the same encoding key; `undefined` if none of them keeps anything.
 *
 * @param jobs Those whose programs determine what is kept.
 * @param readers All that read it.
 */
export function encodeJobOf(
  jobs: readonly TrainJob[],
  readers: readonly Pick<TrainJob, "stage">[] = jobs,
): EncodeJob | undefined {
  const [first] = jobs;
  const kept = new Map<string, KeptValue>();
  for (const { programs } of jobs) for (const value of programs.kept) kept.set(value.name, value);
  if (first === undefined || kept.size === 0) return undefined;
  const { stage, weights } = first;
  const { model, layout, rows } = stage, [head] = jobs.flatMap(({ stage }) => headOf(stage.adaptations) ?? []);
  const taken = takenByAny(readers.map(({ stage }) => stage));
  return {
    model,
    weights,
    layout,
    rows,
    ...taken === undefined ? {} : { taken },
    kept: [...kept.values()],
    ...head === undefined ? {} : { head },
  };
}

/** The rows that some trainings on the same rows use, in ascending order; `undefined` if they use all. */
export function takenByAny(stages: readonly PreparedTraining[]): Uint32Array<ArrayBuffer> | undefined {
  const any = new Set<number>();
  for (const stage of stages) {
    const taken = takenRows(stage);
    if (taken === undefined) return undefined;
    for (const row of taken) any.add(row);
  }
  return any.size === stages[0]?.rows.length ? undefined : Uint32Array.from(any).sort();
}
