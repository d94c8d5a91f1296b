/** The training of one member with its keys, compiled when its programs are first used. @module */
import type { Program } from "../../../ops/program/program.ts";
import { type CompiledTraining, compileTraining, typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { cutWithin } from "../../compile/frontier/memory_budget.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { RunContext } from "../context/run_context.ts";
import { encodingKey, programsKey, trainKey } from "../keys/training_keys.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { compiledModel } from "../prepare/prepared_model.ts";
import { initialTensors } from "./initial_tensors.ts";

/** A training with its programs, initial values and keys. */
export interface TrainJob {
  readonly stage: PreparedTraining;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  /** Equal for trainings with the same programs. */
  readonly programsKey: string;
  readonly programs: CompiledTraining;
  /** Equal for trainings that read the same rows with the same model in the same layout. */
  readonly encodingKey: string;
  /** The initial values of the trained tensors, in saved form. */
  readonly initial: () => Promise<TensorMap>;
  /** The key of its result in the store. */
  readonly key: string;
}

/** A training with its keys; it is compiled when its programs are first used. */
export async function trainJobOf(
  runContext: RunContext,
  stage: PreparedTraining,
  weights: ModelWeights,
): Promise<TrainJob> {
  const compiled = compiledModel(stage, weights);
  const { spec, layout, rows } = stage;
  const { cacheMemory, activationMemory } = runContext;
  const programs = programsKey(stage, weights, runContext);
  const compile = () => {
    const typical = typicalExtents(rows);
    const cutAt = (program: Program) => cutWithin(program, typical, rows, cacheMemory);
    return compileTraining(compiled, layout, steppingOf(spec), rows, cutAt, activationMemory);
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
    encodingKey: encodingKey(stage, weights),
    initial: () => initial ??= initialTensors(stage, weights, spec.seed),
    key: await trainKey(runContext, stage, weights),
  };
}
