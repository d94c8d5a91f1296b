/**
 * What a run would do, found without running anything or reading any weights.
 *
 * @module
 */
import { programFlops } from "../../ops/cost.ts";
import { evaluateDimension, type Shape } from "../../ops/dimension.ts";
import { type Program, valuesOf } from "../../ops/program.ts";
import { packedBytes, product } from "../compile/cached.ts";
import { encodePrograms } from "../compile/cut.ts";
import type { LaidOutRow } from "../compile/feeds.ts";
import { type KeptLevel, keptLevel } from "../compile/memory_budget.ts";
import { typicalExtents } from "../compile/training.ts";
import { type EncodeJob, encodeKey } from "./encode.ts";
import { encodeJobOf, encodingKey } from "./encoding.ts";
import type { Member } from "./expand.ts";
import { Preparation, type PreparedTraining } from "./prepare.ts";
import { noWeights, prepareTune, type TuneJob } from "./tune.ts";
import type { Workshop } from "./workshop.ts";

/** A program that would be compiled. */
export interface PlannedProgram {
  readonly name: "encode" | "train";
  /** The members that use it. */
  readonly members: readonly string[];
  /** Operations in its graph. */
  readonly operations: number;
  /** Floating-point operations of its matrix products over the whole run. */
  readonly flops: number;
}

/** A result that is in the store, or not. */
export interface PlannedEntry {
  readonly kind: "encode" | "train";
  readonly members: readonly string[];
  /** `null` where the weights were never digested, so that nothing of them can be in the store. */
  readonly key: string | null;
  readonly cached: boolean;
  /** What it takes in the store. */
  readonly bytes: number;
}

/** Where a training was cut. */
export interface PlannedFrontier {
  readonly member: string;
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
}

/** What would run. */
export interface Plan {
  readonly pipeline: string;
  readonly members: readonly PlannedMember[];
  readonly programs: readonly PlannedProgram[];
  readonly cache: readonly PlannedEntry[];
  readonly frontiers: readonly PlannedFrontier[];
  /** What a training may keep and the store may hold, in bytes; `null` where there is no limit. */
  readonly budgets: { readonly memory: number | null; readonly disk: number | null };
  readonly estimate: {
    readonly steps: number;
    /** Floating-point operations of the matrix products that are not cached. */
    readonly flops: number;
    /** Bytes that the encodings would add to the store. */
    readonly bytes: number;
  };
}

/** A member and what it trains. */
export interface PlannedMember {
  readonly id: string;
  readonly axes: Member["axes"];
  readonly trainableParameters: number;
  /** Of the base model's parameters. */
  readonly share: number;
}

interface Planned {
  readonly program: PlannedProgram;
  readonly entry: PlannedEntry;
  readonly steps: number;
}

/** The plan of a pipeline's members. */
export async function planMembers(workshop: Workshop, pipeline: string, members: readonly Member[]): Promise<Plan> {
  const preparation = new Preparation(workshop);
  const jobs: { job: TuneJob; member: string }[] = [];
  const listed: PlannedMember[] = [];
  for (const member of members) {
    const { stages, trainableParameters } = await preparation.member(member);
    const weights = [...stages[0]!.model.architecture.weights.values()];
    const share = trainableParameters / weights.reduce((sum, shape) => sum + product(shape), 0);
    listed.push({ id: member.id, axes: member.axes, trainableParameters, share });
    for (const stage of stages) {
      if (stage.kind !== "train") continue;
      const known = stage.full?.initializeFrom === undefined ? await workshop.peekWeights(stage.model) : undefined;
      jobs.push({ job: await prepareTune(workshop, stage, known ?? noWeights), member: member.id });
    }
  }
  const planned: Planned[] = [];
  for (const group of Map.groupBy(jobs, ({ job }) => encodingKey(job)).values()) {
    const encode = encodeJobOf(group.map(({ job }) => job));
    if (encode !== undefined) planned.push(plannedEncode(workshop, encode, group.map(({ member }) => member)));
  }
  for (const { job, member } of jobs) planned.push(plannedTraining(workshop, job, member));
  const missing = planned.filter(({ entry }) => !entry.cached);
  return {
    pipeline,
    members: listed,
    programs: planned.map(({ program }) => program),
    cache: planned.map(({ entry }) => entry),
    frontiers: jobs.map(({ job, member }) => frontierOf(job, member)),
    budgets: { memory: finite(workshop.cacheMemory), disk: finite(workshop.store.limit) },
    estimate: {
      steps: missing.reduce((sum, { steps }) => sum + steps, 0),
      flops: missing.reduce((sum, { program }) => sum + program.flops, 0),
      bytes: missing.reduce((sum, { entry }) => sum + (entry.kind === "encode" ? entry.bytes : 0), 0),
    },
  };
}

function plannedEncode(workshop: Workshop, job: EncodeJob, members: readonly string[]): Planned {
  const { shared, rows: program } = encodePrograms(job.kept, typicalExtents(job.rows));
  const key = job.weights.digest === noWeights.digest ? null : encodeKey(workshop, job);
  const cached = key !== null && workshop.store.has("encode", key);
  const flops = flopsOf(shared, job.rows, 1) + job.rows.length * flopsOf(program, job.rows, 1);
  return {
    program: { name: "encode", members, operations: valuesOf(program).length, flops },
    entry: { kind: "encode", members, key, cached, bytes: packedBytes(job.kept, job.rows) },
    steps: 0,
  };
}

function plannedTraining(workshop: Workshop, job: TuneJob, member: string): Planned {
  const { stage, programs, weights, initial } = job;
  const isKnown = weights.digest !== noWeights.digest || stage.full?.initializeFrom !== undefined;
  const key = isKnown ? job.key : null;
  const cached = key !== null && workshop.store.has("train", key);
  const rows = stage.rows.length * stage.spec.epochs;
  const bytes = Object.values(initial).reduce((sum, { data }) => sum + data.byteLength, 0);
  const flops = rows * flopsOf(programs.train, stage.rows, 1);
  return {
    program: { name: "train", members: [member], operations: valuesOf(programs.train).length, flops },
    entry: { kind: "train", members: [member], key, cached, bytes },
    steps: stepsOf(stage),
  };
}

function flopsOf(program: Program, rows: readonly LaidOutRow[], batch: number): number {
  return evaluateDimension(programFlops(program).matmul, { ...typicalExtents(rows), batch });
}

function stepsOf({ spec, rows }: PreparedTraining): number {
  return spec.epochs * Math.ceil(rows.length / (spec.batchSize * spec.gradientAccumulation));
}

function frontierOf({ stage, programs }: TuneJob, member: string): PlannedFrontier {
  const { prefix = 0, context = 0, tail } = typicalExtents(stage.rows);
  const reason = stage.full !== undefined
    ? "every weight is trained, so nothing is constant"
    : programs.kept.length === 0 && programs.bytePrice > 1
    ? "what is constant does not fit the budget, so each step computes it again"
    : stage.layout.tail === "whole"
    ? `the edits reach the prompt's first tokens, so only what lies under the lowest edit is computed once`
    : `the edits begin ${tokens(stage.layout.tail)} before the prompt's end: the ${
      tokens(prefix + context)
    } before are computed once${prefix > 0 ? ` (the first ${prefix} for all rows together)` : ""}, ` +
      `each step runs over ${tail}`;
  const kept = programs.kept.map(({ value }) => value.shape);
  const level = keptLevel(programs.accumulate, programs.kept), bytes = packedBytes(programs.kept, stage.rows);
  return { member, reason, level, bytes, kept, recomputed: programs.recomputed };
}

/** JSON has no infinity. */
function finite(limit: number): number | null {
  return limit === Infinity ? null : limit;
}

function tokens(count: number): string {
  return count === 1 ? "1 token" : `${count} tokens`;
}
