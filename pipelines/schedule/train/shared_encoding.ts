/**
 * Which trainings share an encoding, and what it has to hold for all of them.
 *
 * @module
 */
import type { KeptValue } from "../../compile/frontier/cut.ts";
import type { EncodeJob } from "../encode/encode_job.ts";
import type { TrainJob } from "./train_job.ts";

/** One encoding for trainings of one encoding key; `undefined` if none of them keeps anything. */
export function encodeJobOf(jobs: readonly TrainJob[]): EncodeJob | undefined {
  const [first] = jobs;
  const kept = new Map<string, KeptValue>();
  for (const { programs } of jobs) for (const value of programs.kept) kept.set(value.name, value);
  if (first === undefined || kept.size === 0) return undefined;
  const { stage, weights } = first;
  const { model, layout, rows, adaptations } = stage;
  return { model, weights, layout, rows, kept: [...kept.values()], adaptations };
}
