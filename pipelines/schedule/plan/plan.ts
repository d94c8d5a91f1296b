/**
 * What a run would do, found without running anything or reading any weights.
 *
 * @module
 */
import { peakBytes } from "../../../ops/passes/cost.ts";
import type { Shape } from "../../../ops/program/dimension.ts";
import { type Program, valuesOf } from "../../../ops/program/program.ts";
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import { encodePrograms } from "../../compile/frontier/cut.ts";
import { type KeptLevel, keptLevel } from "../../compile/frontier/memory_budget.ts";
import { longestExtents, rowWork, typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { isWhole, tailOf } from "../../compile/rows/layout.ts";
import { type Architecture, parameterCount } from "../../models/architecture/architecture.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import { adviceOn } from "./advice.ts";
import { type EncodeJob, encodeKey } from "../encode/encode.ts";
import { encodeJobOf } from "../encode/shared_encoding.ts";
import { encodingKey } from "../context/keys.ts";
import type { Expansion, Member } from "../expand/expand.ts";
import { Preparation } from "../prepare/prepare.ts";
import { plannedQuantized, weightsPeeker } from "./planned_weights.ts";
import { assumedRate, type Rates, ratesOf } from "../context/rates.ts";
import { between, type Group, groupsToCompile, type PlannedJob } from "./plan_estimates.ts";
import { mostActivations } from "../train/train.ts";
import { noWeights, prepareTune, type TuneJob } from "../train/tune.ts";
import { encodeFlops, rowFlops, stepCount } from "./flops.ts";
import type { RunContext } from "../context/run_context.ts";

/** A program that would be compiled. */
export interface PlannedProgram {
  readonly name: "encode" | "train";
  /** The members that use it. */
  readonly members: readonly string[];
  /** Operations in its graph. */
  readonly operations: number;
  /** Floating-point operations of its matrix products over the whole run. */
  readonly flops: number;
  /** Whether it was not compiled: its numbers lie between those of programs like it that were. */
  readonly isEstimate: boolean;
}

/** Results that are in the store, or not. */
export interface PlannedEntry {
  readonly kind: "quantize" | "encode" | "train";
  readonly members: readonly string[];
  /** `null` where it can't be told: the weights were never digested, or the programs were not all compiled. */
  readonly key: string | null;
  readonly cached: boolean;
  /** What it takes in the store. */
  readonly bytes: number;
}

/** Where trainings were cut. */
export interface PlannedFrontier {
  readonly members: readonly string[];
  /** What is computed once, in words. */
  readonly reason: string;
  /** How much of what is constant is kept. */
  readonly level: KeptLevel;
  /** What is kept of all rows, in bytes. */
  readonly bytes: number;
  /** The tensors kept of each example. */
  readonly kept: readonly Shape[];
  /** Frozen operations that every step repeats because that is cheaper than keeping their results. */
  readonly recomputed: number;
  /** How many blocks every step computes again for the gradient, so that its longest row fits the budget. */
  readonly recomputedBlocks: number;
}

/** What would run. */
export interface Plan {
  readonly pipeline: string;
  readonly members: readonly PlannedMember[];
  /** Whether more members follow that go on with the best of these. */
  readonly goesOn: boolean;
  readonly programs: readonly PlannedProgram[];
  readonly cache: readonly PlannedEntry[];
  readonly frontiers: readonly PlannedFrontier[];
  /** What would be worth changing, in words. */
  readonly advice: readonly string[];
  /**
   * What a training may keep, what its longest row may take to run and what the store may hold, in bytes; `null` where
   * there is no limit.
   */
  readonly budgets: {
    readonly memory: number | null;
    readonly activations: number | null;
    readonly disk: number | null;
  };
  readonly estimate: PlanEstimate;
}

/** What is left to run. */
export interface PlanEstimate {
  readonly steps: number;
  /** Floating-point operations of the matrix products that are not cached. */
  readonly flops: number;
  /** Bytes that the encodings would add to the store. */
  readonly bytes: number;
  /** The activations of the largest step, in bytes of memory. */
  readonly memory: number;
  /** How long encoding and training take at these rates. */
  readonly seconds: number;
  /** Floating-point operations a second. */
  readonly rates: Required<Rates>;
  /** Whether the rates were measured on this machine, or are assumed. */
  readonly isMeasured: boolean;
}

/** A member and what it trains. */
export interface PlannedMember {
  readonly id: string;
  /** How many bits its base model is kept in; absent where it is as it is stored. */
  readonly quantize?: QuantizationName;
  readonly axes: Member["axes"];
  readonly trainableParameters: number;
  /** Of the base model's parameters. */
  readonly share: number;
}

/** The plan of a pipeline's members; of those that go on with the best of others nothing can be known. */
export async function planMembers(
  runContext: RunContext,
  pipeline: string,
  { members, goesOn }: Expansion,
): Promise<Plan> {
  const { listed, jobs } = await prepareJobs(runContext, members);
  const groups = [...Map.groupBy(jobs, ({ job }) => job.programsKey).values()].map((jobs): Group => {
    return { job: jobs[0]!.job, jobs };
  });
  const compiled = groupsToCompile(groups);
  const encodings = [...Map.groupBy(jobs, ({ job }) => encodingKey(job)).values()].flatMap((jobs) => {
    const wanted = compiled.filter(({ job }) => jobs.some((other) => other.job.programsKey === job.programsKey));
    const encode = encodeJobOf(wanted.map(({ job }) => job));
    const isWhole = new Set(jobs.map(({ job }) => job.programsKey)).size === wanted.length;
    return encode === undefined ? [] : [plannedEncoding(runContext, encode, jobs, isWhole)];
  });
  const trainings = groups.map((group) => plannedTraining(group, compiled));
  const entries = jobs.map((job) => plannedResult(runContext, job));
  return {
    pipeline,
    members: listed,
    goesOn,
    programs: [...encodings.map(({ program }) => program), ...trainings],
    cache: [...plannedQuantized(runContext, jobs), ...encodings.map(({ entry }) => entry), ...entries],
    frontiers: compiled.map(frontierOf),
    budgets: {
      memory: finite(runContext.cacheMemory),
      activations: finite(runContext.activationMemory),
      disk: finite(runContext.store.limit),
    },
    advice: adviceOn(compiled.map(({ job }) => job)),
    estimate: await estimateOf(runContext, { encodings, groups, trainings, entries, compiled }),
  };
}

async function prepareJobs(
  runContext: RunContext,
  members: readonly Member[],
): Promise<{ readonly listed: readonly PlannedMember[]; readonly jobs: readonly PlannedJob[] }> {
  const preparation = new Preparation(runContext), parameters = new Map<Architecture, number>();
  const listed: PlannedMember[] = [], jobs: PlannedJob[] = [];
  const weightsOf = weightsPeeker(runContext);
  for (const member of members) {
    const { stages, trainableParameters } = await preparation.member(member);
    const { architecture } = stages[0]!.model;
    const base = parameters.getOrInsertComputed(architecture, parameterCount);
    const { quantize } = stages[0]!, inBits = quantize === undefined ? {} : { quantize };
    const share = trainableParameters / base;
    listed.push({ id: member.id, ...inBits, axes: member.axes, trainableParameters, share });
    for (const stage of stages) {
      if (stage.kind !== "train") continue;
      jobs.push({ job: await prepareTune(runContext, stage, await weightsOf(stage)), member: member.id });
    }
  }
  return { listed, jobs };
}

function plannedEncoding(runContext: RunContext, job: EncodeJob, jobs: readonly PlannedJob[], isWhole: boolean) {
  const { rows: program } = encodePrograms(job.kept, typicalExtents(job.rows)), { digest } = job.weights;
  const key = digest === noWeights.digest || !isWhole ? null : encodeKey(runContext, job);
  const cached = key !== null && runContext.store.has("encode", key);
  const members = jobs.map(({ member }) => member);
  return {
    program: {
      name: "encode" as const,
      members,
      operations: valuesOf(program).length,
      flops: encodeFlops(job),
      isEstimate: !isWhole,
    },
    entry: { kind: "encode" as const, members, key, cached, bytes: packedBytes(job.kept, job.rows) },
  };
}

const counted = new WeakMap<Program, number>();

/** The operations of a program, counted once for all who use it. */
function operationCount(program: Program): number {
  return counted.getOrInsertComputed(program, () => valuesOf(program).length);
}

function plannedTraining(group: Group, compiled: readonly Group[]): PlannedProgram {
  const { rows } = group.job.stage;
  const row = between(group, compiled, ({ programs }) => rowFlops(programs.train, rows));
  const operations = Math.round(between(group, compiled, ({ programs }) => operationCount(programs.train)));
  return {
    name: "train",
    members: group.jobs.map(({ member }) => member),
    operations,
    flops: group.jobs.reduce((sum, { job: { stage } }) => sum + stage.rows.length * stage.spec.epochs * row, 0),
    isEstimate: !compiled.includes(group),
  };
}

function plannedResult(runContext: RunContext, { job, member }: PlannedJob): PlannedEntry {
  const { stage, weights } = job;
  const isKnown = weights.digest !== noWeights.digest || stage.full?.initializeFrom !== undefined;
  const key = isKnown ? job.key : null;
  const cached = key !== null && runContext.store.has("train", key);
  return { kind: "train", members: [member], key, cached, bytes: 4 * stage.trainableParameters };
}

interface Planned {
  readonly encodings: readonly { readonly program: PlannedProgram; readonly entry: PlannedEntry }[];
  readonly groups: readonly Group[];
  readonly trainings: readonly PlannedProgram[];
  /** One for each job, in their order. */
  readonly entries: readonly PlannedEntry[];
  readonly compiled: readonly Group[];
}

async function estimateOf(
  runContext: RunContext,
  { encodings, groups, trainings, entries, compiled }: Planned,
): Promise<PlanEstimate> {
  const cached = new Set(entries.filter((entry) => entry.cached).map(({ key }) => key));
  const missing = encodings.filter(({ entry, program }) => {
    const readers = new Set(program.members);
    const isRead = groups.some(({ jobs }) => {
      return jobs.some(({ job, member }) => !cached.has(job.key) && readers.has(member));
    });
    return !entry.cached && isRead;
  });
  const left = groups.map(({ jobs }, at) => {
    const open = jobs.filter(({ job }) => !cached.has(job.key));
    const steps = open.reduce((sum, { job }) => sum + stepCount(job.stage), 0);
    return { steps, flops: trainings[at]!.flops * open.length / jobs.length };
  });
  const measured = await ratesOf(runContext);
  const rates = { encode: measured.encode ?? assumedRate, train: measured.train ?? assumedRate };
  const [encode, train] = [missing.map(({ program }) => program), left].map((list) => {
    return list.reduce((sum, { flops }) => sum + flops, 0);
  }) as [number, number];
  return {
    steps: left.reduce((sum, { steps }) => sum + steps, 0),
    flops: encode + train,
    bytes: missing.reduce((sum, { entry }) => sum + entry.bytes, 0),
    memory: Math.max(0, ...compiled.map(({ job }) => stepMemory(job))),
    seconds: encode / rates.encode + train / rates.train,
    rates,
    isMeasured: measured.train !== undefined,
  };
}

/** The activations of a step's largest run. */
function stepMemory({ stage: { rows, spec }, programs }: TuneJob): number {
  const one = programs.activationBytes * rows.reduce((most, row) => Math.max(most, rowWork(row, programs)), 0);
  if (one > mostActivations) return peakBytes(programs.accumulate, longestExtents(rows));
  return Math.min(mostActivations, spec.batchSize * one);
}

function frontierOf({ job: { stage, programs }, jobs }: Group): PlannedFrontier {
  const { shared = 0, context = 0, tail } = typicalExtents(stage.rows);
  const reason = stage.full !== undefined
    ? "every weight is trained, so nothing is constant"
    : programs.kept.length === 0 && programs.bytePrice > 1
    ? "what is constant does not fit the budget, so each step computes it again"
    : stage.model.architecture.encoder !== undefined
    ? encoderReason(stage)
    : isWhole(stage.layout)
    ? `the edits reach the prompt's first tokens, so only what lies under the lowest edit is computed once`
    : `the edits begin ${tokens(-tailOf(stage.layout).from)} before the prompt's end: the ${
      tokens(shared + context)
    } before are computed once${shared > 0 ? ` (the first ${shared} for all rows together)` : ""}, ` +
      `each step runs over ${tail}`;
  const kept = programs.kept.map(({ value }) => value.shape);
  const level = keptLevel(programs.accumulate, programs.kept), bytes = packedBytes(programs.kept, stage.rows);
  const members = jobs.map(({ member }) => member), { recomputed, recomputedBlocks } = programs;
  return { members, reason, level, bytes, kept, recomputed, recomputedBlocks };
}

/** What is constant where an encoder reads the prompts. */
function encoderReason({ adaptations }: TuneJob["stage"]): string {
  return adaptations.some(({ stack }) => stack === "encoder")
    ? "the edits act in the encoder, so only what lies under the lowest edit is computed once"
    : "the edits act in the decoder alone, so all that the encoder reads is computed once";
}

/** JSON has no infinity. */
function finite(limit: number): number | null {
  return limit === Infinity ? null : limit;
}

function tokens(count: number): string {
  return count === 1 ? "1 token" : `${count} tokens`;
}
