/**
 * The training of one member: compiled, looked up in the store, else encoded and run.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { digest } from "../../ops/digest.ts";
import type { Program } from "../../ops/program.ts";
import { fedNumbers, rowKeys } from "../compile/feeds.ts";
import { copyTensors, type TensorMap, trainedForm } from "../compile/initial.ts";
import type { CompiledModel } from "../compile/programs.ts";
import { type CompiledTraining, compileTraining, typicalExtents } from "../compile/training.ts";
import type { ModelWeights } from "../models/model.ts";
import { keyOf } from "../store/store.ts";
import type { EncodedExamples } from "./encode.ts";
import { initialTensors, type PreparedModel, type PreparedTraining } from "./prepare.ts";
import { train } from "./train.ts";
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
}

/** Full finetuning from fresh weights reads none, so it must not ask for any. */
export const noWeights: ModelWeights = {
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
    adaptations,
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
  const programs = compileTraining(compiled, layout, spec.optimizer.schedule.kind, typicalExtents(rows));
  const initial = await initialTensors(stage, weights, workshop.base, spec.seed);
  const { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle } = spec;
  const key = keyOf({
    programs: [digest(programs.train), digest(programs.accumulate)],
    weights: weights.digest,
    fed: fedNumbers(stage.model.architecture),
    initial: tensorsDigest(initial),
    rows: rowKeys(rows),
    labels: rows.map(({ labels }) => labels),
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
  };
}

/** Runs the training and stores what it gives. */
export async function runTune(workshop: Workshop, job: TuneJob, encoded: EncodedExamples | undefined): Promise<Tuned> {
  const { stage, weights, programs, initial, key } = job;
  const { parameters, bases } = stage.full === undefined
    ? trainedForm(stage.adaptations, initial)
    : { parameters: copyTensors(initial), bases: {} };
  const { spec, adaptations, layout, rows } = stage;
  const open = (program: Program) => workshop.session(program, weights);
  const toSaved = async (trained: TensorMap): Promise<TensorMap> => {
    if (stage.full !== undefined) return trained;
    const { outputs } = await (await open(programs.save)).run(copyTensors({ ...trained, ...bases }));
    return Object.fromEntries(Object.keys(initial).map((name) => [name, outputs[`saved.${name}`]!]));
  };
  const { parameters: trained, losses, stepSeconds } = await train({
    spec,
    architecture: stage.model.architecture,
    adaptations,
    layout,
    rows,
    programs,
    initial: parameters,
    fixed: bases,
    encoded,
    toSaved,
    session: (program) => open(programs[program]),
    beginProgress: (steps) => workshop.progress.begin(`train ${stage.name}`, steps),
  });
  const tensors = await toSaved(trained);
  await workshop.store.put("train", key, (writer) => {
    writer.declare({
      tensors: Object.entries(tensors).map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: { losses: JSON.stringify(losses), stepSeconds: JSON.stringify(stepSeconds) },
    });
    for (const [name, { data }] of Object.entries(tensors)) writer.append(name, data);
  });
  return { tensors, losses, stepSeconds, cached: false };
}
