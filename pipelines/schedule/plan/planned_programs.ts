/** The programs that a run would compile, and the entries of the store that it would write or read. @module */
import { type Program, valuesOf } from "../../../ops/program/program.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodePrograms } from "../../compile/frontier/cut.ts";
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import type { RunContext } from "../context/run_context.ts";
import { type EncodeJob, encodeKey, encodingPrograms } from "../encode/encode_job.ts";
import { encodeFlops, rowFlops } from "../encode/flops.ts";
import { noWeights } from "../prepare/model_weights.ts";
import { rowsTaken } from "../train/steps.ts";
import type { PlannedEntry, PlannedProgram } from "./plan.ts";
import { between, type Group, type PlannedJob } from "./plan_estimates.ts";

/** The encoding that some trainings read: its program and its entry in the store. */
export function plannedEncoding(runContext: RunContext, job: EncodeJob, jobs: readonly PlannedJob[], isWhole: boolean) {
  const { rows: program } = encodePrograms(job.kept, typicalExtents(job.rows)), { digest } = job.weights;
  const parts = encodingPrograms(runContext, job).parts.length;
  const isSample = jobs.some(({ job: { stage } }) => stage.sampled !== undefined);
  const key = digest === noWeights.digest || !isWhole || isSample ? null : encodeKey(runContext, job);
  const cached = key !== null && runContext.store.has("encode", key);
  const members = jobs.map(({ member }) => member);
  return {
    program: {
      name: "encode" as const,
      members,
      operations: valuesOf(program).length,
      flops: encodeFlops(job),
      isEstimate: !isWhole,
      ...parts === 1 ? {} : { parts },
    },
    entry: { kind: "encode" as const, members, key, cached, bytes: packedBytes(job.kept, job.rows, job.taken) },
  };
}

const counted = new WeakMap<Program, number>();

/** The number of operations in a program, cached. */
function operationCount(program: Program): number {
  return counted.getOrInsertComputed(program, () => valuesOf(program).length);
}

/** The program of some trainings. */
export function plannedTraining(group: Group, compiled: readonly Group[]): PlannedProgram {
  const { rows } = group.job.stage;
  const row = between(group, compiled, ({ programs }) => rowFlops(programs.train, rows));
  const operations = Math.round(between(group, compiled, ({ programs }) => operationCount(programs.train)));
  return {
    name: "train",
    members: group.jobs.map(({ member }) => member),
    operations,
    flops: group.jobs.reduce((sum, { job: { stage } }) => sum + rowsTaken(stage) * row, 0),
    isEstimate: !compiled.includes(group),
  };
}

/** The entry in the store of a training's result. */
export function plannedResult(runContext: RunContext, { job, member }: PlannedJob): PlannedEntry {
  const { stage, weights } = job;
  const isKnown = weights.digest !== noWeights.digest || stage.full?.initializeFrom !== undefined;
  const key = isKnown && stage.sampled === undefined ? job.key : null;
  const cached = key !== null && runContext.store.has("train", key);
  return { kind: "train", members: [member], key, cached, bytes: 4 * stage.trainableParameters };
}
