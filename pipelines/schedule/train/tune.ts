/**
 * The training of one member: compiled, looked up in the store, else encoded and run.
 *
 * @module
 */
import type { Program } from "../../../ops/program/program.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { cutWithin } from "../../compile/frontier/memory_budget.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { type CompiledTraining, compileTraining, typicalExtents } from "../../compile/frontier/compiled_training.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { removeCheckpoint } from "./checkpoint.ts";
import { initialTensors } from "./initial_tensors.ts";
import type { PreparedModel, PreparedTraining } from "../prepare/prepared.ts";
import type { EncodeRecord } from "../encode/encode.ts";
import { programsKey, trainKey } from "../context/keys.ts";
import type { RunContext } from "../context/run_context.ts";

/** A training with its programs, start and key. */
export interface TuneJob {
  readonly stage: PreparedTraining;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  /** Equal for trainings with the same programs. */
  readonly programsKey: string;
  readonly programs: CompiledTraining;
  /** Where the trained tensors start, in saved form. */
  readonly initial: () => Promise<TensorMap>;
  readonly key: string;
}

/** What a training leaves behind. */
export interface Tuned {
  /** The trained tensors in saved form. */
  readonly tensors: TensorMap;
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
  readonly cached: boolean;
  /** The encoding that it read, if it read one. */
  readonly encoding: EncodeRecord | undefined;
  /** How long it took; of trainings side by side each its share. */
  readonly seconds: number;
}

/** Full finetuning from fresh weights reads none, so it must not ask for any. */
export const noWeights: ModelWeights = {
  isAbsent: true,
  digest: "none",
  storedType: () => "float32",
  locate(name) {
    throw new TypeError(`${name} is trained and has no place in a file`);
  },
  record(name) {
    throw new TypeError(`${name} is trained and has no place in a file`);
  },
  read(name) {
    throw new TypeError(`${name} is trained and has no place in a file`);
  },
  find: () => undefined,
};

/** The weights that a prepared model needs to have. */
export function weightsFor(runContext: RunContext, { model, quantize, full }: PreparedModel): Promise<ModelWeights> {
  return full?.initializeFrom === undefined ? runContext.weights(model, quantize) : Promise.resolve(noWeights);
}

/** What the compiler is told of a prepared model. */
export function compiledModel(prepared: PreparedModel, weights: ModelWeights): CompiledModel {
  const { model, adaptations, full } = prepared;
  return {
    architecture: model.architecture,
    storedType: weights.storedType,
    members: [adaptations],
    full: full !== undefined,
  };
}

/** A training with its key; it is compiled when its programs are first asked for. */
export async function prepareTune(
  runContext: RunContext,
  stage: PreparedTraining,
  weights: ModelWeights,
): Promise<TuneJob> {
  const compiled = compiledModel(stage, weights);
  const { spec: { seed, optimizer: { schedule } }, layout, rows } = stage,
    { cacheMemory, activationMemory } = runContext;
  const programs = programsKey(stage, weights, runContext);
  const compile = () => {
    const typical = typicalExtents(rows);
    const cutAt = (program: Program) => cutWithin(program, typical, rows, cacheMemory);
    return compileTraining(compiled, layout, schedule.kind, rows, cutAt, activationMemory);
  };
  let initial: Promise<TensorMap> | undefined;
  return {
    stage,
    weights,
    compiled,
    programsKey: programs,
    get programs() {
      return runContext.compiled.getOrInsertComputed(programs, compile);
    },
    initial: () => initial ??= initialTensors(stage, weights, seed),
    key: await trainKey(runContext, stage, weights),
  };
}

/** The trained tensors of an earlier run with the same key. */
export async function findTuned(runContext: RunContext, job: TuneJob): Promise<Tuned | undefined> {
  const start = performance.now(), { key } = job;
  using entry = await runContext.store.get("train", key);
  if (entry === undefined) return undefined;
  // A run may have died between keeping the result and removing what it had kept of the way there.
  removeCheckpoint(runContext.store, job);
  const tensors = await Promise.all(
    [...entry.tensors].map(async ([name, { shape }]) => [name, { data: await entry.read(name), shape }] as const),
  );
  const numbers = (name: string) => JSON.parse(entry.metadata[name] ?? "[]") as number[];
  return {
    tensors: Object.fromEntries(tensors),
    losses: numbers("losses"),
    stepSeconds: numbers("stepSeconds"),
    cached: true,
    encoding: entry.metadata["encoding"] === undefined ? undefined : JSON.parse(entry.metadata["encoding"]),
    seconds: (performance.now() - start) / 1000,
  };
}
