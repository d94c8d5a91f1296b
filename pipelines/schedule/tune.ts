/**
 * The training of one member: compiled, looked up in the store, else encoded and run.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { digest } from "../../ops/digest.ts";
import { fedNumbers, rowKeys } from "../compile/feeds.ts";
import { interventionsOf } from "../compile/adaptations.ts";
import { chosenOf } from "../compile/interventions.ts";
import type { TensorMap } from "../compile/initial.ts";
import { cutWithin } from "../compile/memory_budget.ts";
import type { CompiledModel } from "../compile/programs.ts";
import { type CompiledTraining, compileTraining, typicalExtents } from "../compile/training.ts";
import type { ModelWeights } from "../models/model.ts";
import { keyOf } from "../store/store.ts";
import { initialTensors, type PreparedModel, type PreparedTraining } from "./prepare.ts";
import type { Workshop } from "./workshop.ts";

/** A training with its programs, start and key. */
export interface TuneJob {
  readonly stage: PreparedTraining;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  readonly programs: CompiledTraining;
  /** Where the trained tensors start, in saved form. */
  readonly initial: TensorMap;
  readonly key: string;
}

/** What a training leaves behind. */
export interface Tuned {
  /** The trained tensors in saved form. */
  readonly tensors: TensorMap;
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
  readonly cached: boolean;
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
};

/** The weights that a prepared model needs to have. */
export function weightsFor(workshop: Workshop, { model, full }: PreparedModel): Promise<ModelWeights> {
  return full?.initializeFrom === undefined ? workshop.weights(model) : Promise.resolve(noWeights);
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

/** Compiles a training and finds its key. */
export async function prepareTune(
  workshop: Workshop,
  stage: PreparedTraining,
  weights: ModelWeights,
): Promise<TuneJob> {
  const compiled = compiledModel(stage, weights);
  const { spec, layout, rows } = stage;
  const typical = typicalExtents(rows);
  const programs = compileTraining(compiled, layout, spec.optimizer.schedule.kind, typical, (program) => {
    return cutWithin(program, typical, rows, workshop.cacheMemory);
  });
  const initial = await initialTensors(stage, weights, workshop.base, spec.seed);
  const { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle } = spec;
  const key = keyOf({
    programs: [digest(programs.train), digest(programs.accumulate)],
    weights: weights.digest,
    fed: fedNumbers(stage.model.architecture),
    initial: tensorsDigest(initial),
    rows: rowKeys(rows),
    chosen: chosenOf(interventionsOf(stage.adaptations), rows.map(({ whole }) => whole)),
    labels: rows.map(({ labels }) => labels),
    dropout: stage.adaptations.map((piece) => piece.form === "prefix" ? 0 : piece.dropout),
    settings: { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle },
    machine: workshop.machine,
  });
  return { stage, weights, compiled, programs, initial, key };
}

/** A digest of tensors' names, shapes and content. */
export function tensorsDigest(tensors: TensorMap): string {
  const hash = createHash("sha256");
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** The trained tensors of an earlier run with the same key. */
export async function findTuned(workshop: Workshop, { key, initial }: TuneJob): Promise<Tuned | undefined> {
  const start = performance.now();
  using entry = await workshop.store.get("train", key);
  if (entry === undefined) return undefined;
  const tensors = await Promise.all(
    Object.keys(initial).map(async (name) => {
      return [name, { data: await entry.read(name), shape: entry.tensors.get(name)!.shape }] as const;
    }),
  );
  const numbers = (name: string) => JSON.parse(entry.metadata[name] ?? "[]") as number[];
  return {
    tensors: Object.fromEntries(tensors),
    losses: numbers("losses"),
    stepSeconds: numbers("stepSeconds"),
    cached: true,
    seconds: (performance.now() - start) / 1000,
  };
}
