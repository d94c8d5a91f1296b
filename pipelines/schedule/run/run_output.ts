/** Where a run writes what it gives. @module */
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import type { Results } from "../../results/results.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";

/** Takes what a run gives, as a run's folder does. Paths are relative to it. */
export interface RunOutput {
  /**
   * Makes ready for the first file, so that what cannot be written shows before anything runs.
   *
   * @throws {DiskError} If it cannot be written.
   */
  prepare(): Promise<void>;
  /** Takes the results of all members, at the end. */
  results(results: Results): Promise<void>;
  /** Takes an evaluation's predictions. */
  predictions(path: string, predictions: readonly Prediction[]): Promise<void>;
  /** Takes a JSON document. */
  document(path: string, value: unknown): Promise<void>;
  /** Takes a copy of a file. */
  copy(path: string, source: string): Promise<void>;
  /**
   * Takes what a training of a member learned.
   *
   * @param tensors In saved form.
   * @returns Where it is.
   */
  trained(member: string, name: string, stage: PreparedTraining, tensors: TensorMap): Promise<string>;
}

/** An output that takes nothing before `settled` says that all it follows from is sound. */
export function afterChecks(output: RunOutput, settled: () => Promise<void>): RunOutput {
  return {
    prepare: () => output.prepare(),
    results: (...given) => settled().then(() => output.results(...given)),
    predictions: (...given) => settled().then(() => output.predictions(...given)),
    document: (...given) => settled().then(() => output.document(...given)),
    copy: (...given) => settled().then(() => output.copy(...given)),
    trained: (...given) => settled().then(() => output.trained(...given)),
  };
}
