/** The totals of a plan: steps, arithmetic, memory and time. @module */
import { peakBytes } from "../../../ops/passes/cost.ts";
import { longestExtents, rowWork } from "../../compile/frontier/compiled_training.ts";
import type { RunContext } from "../context/run_context.ts";
import { type ExpectedStages, totalOf, uncertainty } from "../pace/expected_stages.ts";
import { mostBatched } from "../train/batching.ts";
import { mostActivations, stepCount } from "../train/steps.ts";
import type { StageKind } from "../../spec/mod.ts";
import type { TrainJob } from "../train/train_job.ts";
import { validationCount } from "../train/validations.ts";
import type { PlanEstimate, PlannedEntry, PlannedProgram } from "./plan.ts";
import { lengthsOf } from "../../compile/rows/row_lengths.ts";
import { ownMemory, weightsMemory } from "./resident_memory.ts";
import { between, type Group } from "./plan_estimates.ts";
import { validationFlops } from "./planned_validations.ts";

/** What is planned and to be added up. */
interface Planned {
  readonly encodings: readonly { readonly program: PlannedProgram; readonly entry: PlannedEntry }[];
  readonly groups: readonly Group[];
  readonly trainings: readonly PlannedProgram[];
  /** One for each job, in the same order. */
  readonly entries: readonly PlannedEntry[];
  readonly compiled: readonly Group[];
  /** How long stages and encodings are expected to take. */
  readonly expected: ExpectedStages;
}

/** What remains to be run of a plan. */
export function estimateOf(
  runContext: RunContext,
  { encodings, groups, trainings, entries, compiled, expected }: Planned,
): PlanEstimate {
  const cached = new Set(entries.filter((entry) => entry.cached).map(({ key }) => key));
  const missing = encodings.filter(({ entry, program }) => {
    const readers = new Set(program.members);
    const isRead = groups.some(({ jobs }) => {
      return jobs.some(({ job, member }) => !cached.has(job.key) && readers.has(member));
    });
    return !entry.cached && isRead;
  });
  const left = groups.map((group, at) => {
    const { jobs } = group;
    const open = jobs.filter(({ job }) => !cached.has(job.key));
    const steps = open.reduce((sum, { job }) => sum + stepCount(job.stage), 0);
    const validations = open.reduce((sum, { job }) => sum + validationCount(job.stage), 0);
    // Members of a group differ in their initial values, or in settings of the optimizer.
    const ofEach = open.length === 0 ? 0 : between(group, compiled, (job) => validationFlops(runContext, job));
    return { steps, validations, flops: trainings[at]!.flops * open.length / jobs.length + open.length * ofEach };
  });
  const stages = [...expected.stages], encoded = [...expected.encodings.values()];
  const partOf = (kind: StageKind) => stages.flatMap(([stage, part]) => stage.kind === kind ? [part] : []);
  const { seconds, basis } = totalOf([...stages.map(([, part]) => part), ...encoded]);
  const [encode, train] = [missing.map(({ program }) => program), left].map((list) => {
    return list.reduce((sum, { flops }) => sum + flops, 0);
  }) as [number, number];
  return {
    steps: left.reduce((sum, { steps }) => sum + steps, 0),
    validations: left.reduce((sum, { validations }) => sum + validations, 0),
    flops: encode + train,
    bytes: missing.reduce((sum, { entry }) => sum + entry.bytes, 0),
    memory: Math.max(0, ...compiled.map(({ job }) => stepMemory(job))),
    resident: Math.max(
      ownMemory,
      ...compiled.map(({ job, jobs }) => {
        return weightsMemory(job) + Math.min(jobs.length, Math.floor(mostBatched(job))) * stepMemory(job);
      }),
    ),
    evaluations: partOf("evaluate").length,
    seconds,
    parts: {
      encode: totalOf(encoded).seconds,
      train: totalOf(partOf("train")).seconds,
      evaluate: totalOf(partOf("evaluate")).seconds,
      activations: totalOf(partOf("activations")).seconds,
    },
    range: { from: seconds / uncertainty[basis], to: seconds * uncertainty[basis] },
    basis,
  };
}

/** The activations of a step's largest run. */
export function stepMemory({ stage: { rows, spec }, programs }: TrainJob): number {
  const lengths = lengthsOf(rows);
  const work = lengths.tail.reduce((most, _, row) => Math.max(most, rowWork(lengths, row, programs)), 0);
  const one = programs.activationBytes * work;
  if (one > mostActivations) return peakBytes(programs.accumulate, longestExtents(rows));
  return Math.min(mostActivations, spec.batchSize * one);
}
