/** Finds the units of a run, without running anything or reading any weights. @module */
import { namingFunctions } from "../../common/function_name.ts";
import { ofKind } from "../../common/of_kind.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { Rates } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Expansion } from "../expand/member.ts";
import { enoughRows } from "../plan/plan_members.ts";
import { type WeightsPeeker, weightsPeeker } from "../plan/planned_weights.ts";
import { ownMemory, weightsMemory } from "../plan/resident_memory.ts";
import { stepMemory } from "../plan/totals.ts";
import { activationsWork, type Budget, encodeWork, evaluateWork, trainWork } from "../pace/stage_work.ts";
import { Preparation } from "../prepare/prepare.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";
import { batchingKey, mostBatched } from "../train/batching.ts";
import { shardsOf } from "../encode/shards.ts";
import { encodeJobOf } from "../train/shared_encoding.ts";
import { type TrainJob, trainJobOf } from "../train/train_job.ts";
import type { Unit, UnitKind, Units } from "./unit.ts";

/** How long a process takes to start, load the pipeline and compile. */
const ownSeconds = 5;

/** When several processes compute an encoding in shards. */
interface Sharding {
  /** The longest predicted time of a shard. */
  readonly secondsOfShard: number;
  readonly mostShards: number;
  /** How many units the members that train together are split into, if they are split. */
  readonly spread?: number;
}

/** A member with the trainings that it declares. */
interface Declared {
  readonly member: PreparedMember;
  readonly jobs: readonly TrainJob[];
}

/**
 * The units of the members that do not depend on others' results: each shared encoding, the trainings that run
 * together, each member's evaluations, and finally the report, which runs whatever is left.
 *
 * @throws {RequestError} If a member is invalid.
 */
export async function planUnits(
  runContext: RunContext,
  { members, notes }: Expansion,
  sharding: Sharding,
): Promise<Units> {
  const preparation = new Preparation(runContext, enoughRows), prepared: PreparedMember[] = [];
  for (const member of members) prepared.push(await preparation.member(member));
  preparation.tellNotes(notes);
  return await unitsOf(runContext, prepared, weightsPeeker(runContext), sharding);
}

/** The units of prepared members. */
export async function unitsOf(
  runContext: RunContext,
  members: readonly PreparedMember[],
  weightsOf: WeightsPeeker,
  sharding: Sharding,
): Promise<Units> {
  const declared: Declared[] = [];
  for (const member of members) {
    const jobs: TrainJob[] = [];
    for (const stage of ofKind(member.stages, "train")) {
      jobs.push(await trainJobOf(runContext, stage, await weightsOf(stage)));
    }
    declared.push({ member, jobs });
  }
  const units = new UnitList(await Rates.read(runContext), runContext);
  for (const alike of sharingEncodings(declared)) addTrainings(units, alike, sharding);
  addEvaluations(units, declared, await weightsByStage(declared, weightsOf));
  return units.finished(Math.max(ownMemory, ...units.all.map(({ memory }) => memory)));
}

/** The units found so far, with their ids. */
class UnitList {
  readonly all: Unit[] = [];
  readonly #counts = new Map<UnitKind, number>();
  readonly #trainings = new Map<string, string>();
  readonly rates: Rates;
  /** What stages may keep of their rows. */
  readonly budget: Budget;

  constructor(rates: Rates, budget: Budget) {
    this.rates = rates;
    this.budget = budget;
  }

  /** Adds a unit and returns its id. */
  add(kind: UnitKind, unit: Omit<Unit, "id" | "kind">): string {
    const count = (this.#counts.get(kind) ?? 0) + 1, id = `${kind}-${count}`;
    this.#counts.set(kind, count);
    this.all.push({ id, kind, ...unit });
    if (kind === "train") { for (const member of unit.members) this.#trainings.set(member, id); }
    return id;
  }

  /** The id of the unit that runs a member's trainings. */
  training(member: string): string | undefined {
    return this.#trainings.get(member);
  }

  /** All units, with the report at the end. */
  finished(memory: number): Units {
    const needs = this.all.filter(({ kind }) => kind !== "encode").map(({ id }) => id);
    const report: Unit = {
      id: "report",
      kind: "report",
      members: [],
      among: [],
      stages: [],
      needs,
      memory,
      seconds: ownSeconds,
    };
    return [...this.all, report];
  }
}

const idsOf = (declared: readonly Declared[]) => declared.map(({ member }) => member.member.id);

/** Members in groups that share no encodings with each other. */
function sharingEncodings(declared: readonly Declared[]): readonly (readonly Declared[])[] {
  const groups: { readonly keys: Set<string>; readonly members: Declared[] }[] = [];
  for (const one of declared) {
    const keys = one.jobs.map(({ encodingKey }) => encodingKey);
    if (keys.length === 0) continue;
    const known = groups.filter((group) => keys.some((key) => group.keys.has(key)));
    const [first = { keys: new Set<string>(), members: [] }, ...others] = known;
    for (const other of others) {
      for (const key of other.keys) first.keys.add(key);
      first.members.push(...other.members);
      groups.splice(groups.indexOf(other), 1);
    }
    for (const key of keys) first.keys.add(key);
    first.members.push(one);
    if (known.length === 0) groups.push(first);
  }
  return groups.map(({ members }) => members);
}

/** The units of members that share encodings: one for each encoding, then those that train on them. */
function addTrainings(
  units: UnitList,
  group: readonly Declared[],
  { secondsOfShard, mostShards, spread = 1 }: Sharding,
): void {
  const among = idsOf(group), jobs = group.flatMap((one) => one.jobs.map((job) => ({ job, one })));
  const encodings = new Map([...Map.groupBy(jobs, ({ job }) => job.encodingKey)].flatMap(([key, readers]) => {
    const encode = encodeJobOf(readers.map(({ job }) => job));
    if (encode === undefined) return [];
    const [{ job, one }] = readers as [typeof readers[0]], work = encodeWork(job.stage, units.budget);
    const seconds = work === undefined ? 0 : units.rates.expected(work).seconds,
      shards = Math.min(mostShards, Math.ceil(seconds / secondsOfShard));
    const unit = {
      members: [one.member.member.id],
      among,
      stages: [job.stage.name],
      needs: [],
      memory: weightsMemory(job),
      seconds: ownSeconds + seconds / Math.max(1, shards),
    };
    if (shards <= 1) return [[key, units.add("encode", unit)]];
    const needs = shardsOf(shards).map((part) => units.add("encode", { ...unit, part }));
    return [[key, units.add("encode", { ...unit, needs, part: shards, seconds: ownSeconds })]];
  }));
  for (const together of sideBySide(group, spread)) {
    const own = together.flatMap((one) => one.jobs);
    const needs = [...new Set(own.flatMap(({ encodingKey }) => encodings.get(encodingKey) ?? []))];
    const seconds = own.reduce((sum, job) => {
      return sum + units.rates.expected(trainWork(job.stage, units.budget)).seconds;
    }, ownSeconds);
    const memory = Math.max(...own.map((job) => weightsMemory(job) + together.length * stepMemory(job)));
    const stages = [...new Set(own.map(({ stage }) => stage.name))];
    units.add("train", { members: idsOf(together), among, stages, needs, memory, seconds });
  }
}

/** How the members of a group train: together if that is faster, as far as each has one training. */
function sideBySide(group: readonly Declared[], spread: number): readonly (readonly Declared[])[] {
  const keyOf = ({ jobs, member }: Declared) => {
    const key = jobs.length === 1 ? batchingKey(jobs[0]!) : undefined;
    return key ?? `alone ${member.member.id}`;
  };
  return [...Map.groupBy(group, keyOf).values()].flatMap((alike) => {
    const share = Math.ceil(alike.length / spread);
    const most = Math.max(1, Math.min(share, Math.floor(mostBatched(alike[0]!.jobs[0]!))));
    return Array.from({ length: Math.ceil(alike.length / most) }, (_, at) => alike.slice(at * most, (at + 1) * most));
  });
}

/**
 * The stages that train nothing, one unit per member; an evaluation of an untrained model that several members share is
 * run once.
 */
function addEvaluations(
  units: UnitList,
  declared: readonly Declared[],
  weights: ReadonlyMap<PreparedStage, ModelWeights>,
): void {
  const asked = new Set<string>();
  for (const { member } of declared) {
    const own: PreparedStage[] = [], needs = new Set<string>(), { id } = member.member;
    for (const stage of member.stages) {
      if (stage.kind === "train") continue;
      const { training } = stage;
      if (training !== undefined) needs.add(units.training(id)!);
      const key = training === undefined ? JSON.stringify(stage.spec, namingFunctions) : undefined;
      if (key === undefined) own.push(stage);
      else if (!asked.has(key)) addEvaluation(units, [stage], id, [], weights);
      if (key !== undefined) asked.add(key);
    }
    if (own.length > 0) addEvaluation(units, own, id, [...needs], weights);
  }
}

function addEvaluation(
  units: UnitList,
  stages: readonly PreparedStage[],
  member: string,
  needs: readonly string[],
  weights: ReadonlyMap<PreparedStage, ModelWeights>,
): void {
  const works = [
    ...ofKind(stages, "evaluate").map((stage) => evaluateWork(stage, units.budget)),
    ...ofKind(stages, "activations").map(activationsWork),
  ];
  const seconds = works.reduce((sum, work) => sum + units.rates.expected(work).seconds, ownSeconds);
  const memory = Math.max(...stages.map((stage) => weightsMemory({ stage, weights: weights.get(stage)! })));
  const names = stages.map(({ name }) => name);
  units.add("evaluate", { members: [member], among: [member], stages: names, needs, memory, seconds });
}

async function weightsByStage(declared: readonly Declared[], weightsOf: ReturnType<typeof weightsPeeker>) {
  const found = new Map<PreparedStage, ModelWeights>();
  for (const { member } of declared) for (const stage of member.stages) found.set(stage, await weightsOf(stage));
  return found;
}
