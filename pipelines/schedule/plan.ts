/**
 * What a run would do, found without running anything or reading any weights.
 *
 * @module
 */
import { programFlops } from "../../ops/cost.ts";
import { evaluateDimension, type Shape } from "../../ops/dimension.ts";
import { type Program, valuesOf } from "../../ops/program.ts";
import { product } from "../compile/cached.ts";
import { encodePrograms } from "../compile/cut.ts";
import type { LaidOutRow } from "../compile/feeds.ts";
import { typicalExtents } from "../compile/training.ts";
import { type EncodeJob, encodeKey, packedBytes } from "./encode.ts";
import { encodeJobOf, encodingKey } from "./encoding.ts";
import type { Expansion, Member } from "./expand.ts";
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
  /** The tensors kept of each example. */
  readonly kept: readonly Shape[];
  /** Frozen operations that every step repeats because that is cheaper than keeping their results. */
  readonly recomputed: number;
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

/** The plan of a pipeline's members; of those that go on with the best of others nothing can be known. */
export async function planMembers(
  workshop: Workshop,
  pipeline: string,
  { members, goesOn }: Expansion,
): Promise<Plan> {
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
    goesOn,
    programs: planned.map(({ program }) => program),
    cache: planned.map(({ entry }) => entry),
    frontiers: jobs.map(({ job, member }) => frontierOf(job, member)),
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
    entry: { kind: "encode", members, key, cached, bytes: packedBytes(job) },
    steps: 0,
  };
}

function plannedTraining(workshop: Workshop, job: TuneJob, member: string): Planned {
  const { stage, programs, weights } = job;
  const isKnown = weights.digest !== noWeights.digest || stage.full?.initializeFrom !== undefined;
  const key = isKnown ? job.key : null;
  const cached = key !== null && workshop.store.has("train", key);
  const rows = stage.rows.length * stage.spec.epochs;
  const bytes = 4 * stage.trainableParameters;
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
    : stage.layout.tail === "whole"
    ? `the edits reach the prompt's first tokens, so only what lies under the lowest edit is computed once`
    : `the edits begin ${tokens(stage.layout.tail)} before the prompt's end: the ${
      tokens(prefix + context)
    } before are computed once${prefix > 0 ? ` (the first ${prefix} for all rows together)` : ""}, ` +
      `each step runs over ${tail}`;
  const kept = programs.kept.map(({ value }) => value.shape);
  return { member, reason, kept, recomputed: programs.recomputed };
}

function tokens(count: number): string {
  return count === 1 ? "1 token" : `${count} tokens`;
}
