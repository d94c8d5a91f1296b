/**
 * What a run would do, without running anything or reading any weights.
 *
 * @module
 */
import { type Architecture, parameterCount } from "../../models/architecture/architecture.ts";
import type { StageKind } from "../../spec/mod.ts";
import { Rates } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Expansion, Member } from "../expand/member.ts";
import { Preparation } from "../prepare/prepare.ts";
import type { PreparedMember, PreparedStages, PreparedTraining } from "../prepare/prepared.ts";
import { type ExpectedStages, expectedStages } from "../pace/expected_stages.ts";
import { isEvaluationStored } from "../pace/stored_evaluation.ts";
import { encodeJobOf } from "../train/shared_encoding.ts";
import { type TrainJob, trainJobOf } from "../train/train_job.ts";
import { adviceOn } from "./advice.ts";
import { type FleetRequest, planFleet } from "./fleet.ts";
import { frontierOf } from "./frontier_reason.ts";
import type { Plan, PlannedEntry, PlannedMember, PlannedSample } from "./plan.ts";
import { type Group, groupsToCompile, type PlannedJob } from "./plan_estimates.ts";
import { plannedEncoding, plannedResult, plannedTraining } from "./planned_programs.ts";
import { plannedQuantized, type WeightsPeeker, weightsPeeker } from "./planned_weights.ts";
import { estimateOf } from "./totals.ts";

/** The plan of a pipeline's members, except those that continue with the best of others, which are not known yet. */
export async function planMembers(
  runContext: RunContext,
  pipeline: string,
  { members, goesOn, notes }: Expansion,
  fleet?: FleetRequest,
): Promise<Plan> {
  const planning = { runContext, weightsOf: weightsPeeker(runContext) };
  const { listed, jobs, prepared } = await prepareJobs(planning, members, notes);
  const groups = [...Map.groupBy(jobs, ({ job }) => job.programsKey).values()].map((jobs): Group => {
    return { job: jobs[0]!.job, jobs };
  });
  const compiled = groupsToCompile(groups);
  const encodings = [...Map.groupBy(jobs, ({ job }) => job.encodingKey).values()].flatMap((jobs) => {
    const wanted = compiled.filter(({ job }) => jobs.some((other) => other.job.programsKey === job.programsKey));
    const encode = encodeJobOf(wanted.map(({ job }) => job), jobs.map(({ job }) => job));
    const isWhole = new Set(jobs.map(({ job }) => job.programsKey)).size === wanted.length;
    return encode === undefined ? [] : [plannedEncoding(runContext, encode, jobs, isWhole)];
  });
  const trainings = groups.map((group) => plannedTraining(group, compiled));
  const entries = jobs.map((job) => plannedResult(runContext, job));
  const expected = await expectedOf(planning, { listed, jobs, prepared }, encodings, entries);
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
    samples: samplesOf(jobs),
    advice: adviceOn(compiled.map(({ job }) => job)),
    estimate: estimateOf(runContext, { encodings, groups, trainings, entries, compiled, expected }),
    ...fleet === undefined ? {} : {
      fleet: planFleet(fleet, {
        members: prepared,
        expected,
        encodings,
        rates: await Rates.read(runContext),
        budget: runContext,
      }),
    },
  };
}

async function prepareJobs(
  planning: Planning,
  members: readonly Member[],
  notes: readonly string[],
): Promise<PreparedJobs> {
  const preparation = new Preparation(planning.runContext, enoughRows), parameters = new Map<Architecture, number>();
  const listed: PlannedMember[] = [], jobs: PlannedJob[] = [], prepared: PreparedMember[] = [];
  for (const member of members) {
    const ready = await preparation.member(member), { stages, trainableParameters } = ready;
    prepared.push(ready);
    const { architecture } = stages[0]!.model;
    const base = parameters.getOrInsertComputed(architecture, parameterCount);
    const { quantize } = stages[0]!, inBits = quantize === undefined ? {} : { quantize };
    const share = trainableParameters / base;
    listed.push({ id: member.id, ...inBits, axes: member.axes, trainableParameters, share });
    for (const stage of stages) {
      for (const job of await jobsOf(stage.kind, stage, planning)) jobs.push({ job, member: member.id });
    }
  }
  preparation.tellNotes(notes);
  return { listed, jobs, prepared };
}

/** Members with the trainings that they plan. */
interface PreparedJobs {
  readonly listed: readonly PlannedMember[];
  readonly jobs: readonly PlannedJob[];
  readonly prepared: readonly PreparedMember[];
}

/** How long stages are expected to take, given what is known to be in the store. */
function expectedOf(
  { runContext, weightsOf }: Planning,
  { jobs, prepared }: PreparedJobs,
  encodings: readonly { readonly entry: PlannedEntry }[],
  entries: readonly PlannedEntry[],
): Promise<ExpectedStages> {
  const planned = new Map(jobs.map(({ job, member }, at) => [job.stage, { job, member, entry: entries[at]! }]));
  const of = (training: PreparedTraining) => planned.get(training)!;
  return expectedStages(runContext, prepared, {
    keyOf: (training) => of(training).job.key,
    encodingKeyOf: (training) => of(training).job.encodingKey,
    isEncoded(training) {
      const { member } = of(training);
      return encodings.some(({ entry }) => entry.cached && entry.members.includes(member));
    },
    async isStored(stage) {
      if (stage.kind === "train") return of(stage).entry.cached;
      const { training } = stage,
        key = training !== undefined && of(training).entry.cached ? of(training).job.key : undefined;
      return await isEvaluationStored(runContext, stage, await weightsOf(stage), key);
    },
  });
}

/** Estimates for more rows than this use a random sample of this size. */
export const enoughRows = 8192;

/** The samples that trainings were estimated from. */
function samplesOf(jobs: readonly PlannedJob[]): readonly PlannedSample[] {
  const sampled = jobs.filter(({ job }) => job.stage.sampled !== undefined);
  return [...Map.groupBy(sampled, ({ job }) => job.stage.rows).values()].map((alike) => {
    const { stage: { sampled: rows = 0, rows: { length: of } } } = alike[0]!.job;
    return { members: alike.map(({ member }) => member), rows, of };
  });
}

/** The trainings to plan for a kind of stage. */
type StagePlan<K extends StageKind> = (stage: PreparedStages[K], planning: Planning) => Promise<readonly TrainJob[]>;

/** What the plans of a member's stages need. */
interface Planning {
  readonly runContext: RunContext;
  readonly weightsOf: WeightsPeeker;
}

/** Evaluations and activations are not planned: their cost depends on what is generated. */
const nothing = () => Promise.resolve([]);

const stagePlans: { readonly [K in StageKind]: StagePlan<K> } = {
  train: async (stage, { runContext, weightsOf }) => [await trainJobOf(runContext, stage, await weightsOf(stage))],
  evaluate: nothing,
  activations: nothing,
};

function jobsOf<K extends StageKind>(
  kind: K,
  stage: PreparedStages[K],
  planning: Planning,
): Promise<readonly TrainJob[]> {
  return stagePlans[kind](stage, planning);
}

/** JSON has no infinity. */
function finite(limit: number): number | null {
  return limit === Infinity ? null : limit;
}
