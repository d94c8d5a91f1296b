/** Where a run writes its results. @module */
import type { RowList } from "../../common/row_list.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import type { Results } from "../../results/results.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";

/** Receives a run's results, as a run folder does. Paths are relative to it. */
export interface RunOutput {
  /**
   * Prepares for the first file, so that a location that cannot be written is found before anything runs.
   *
   * @throws {DiskError} If it cannot be written.
   */
  prepare(): Promise<void>;
  /** Receives the results of all members, at the end. */
  results(results: Results): Promise<void>;
  /** Receives an evaluation's predictions. */
  predictions(path: string, predictions: RowList<Prediction>): Promise<void>;
  /** Receives a JSON document. */
  document(path: string, value: unknown): Promise<void>;
  /** Receives a copy of a file. */
  copy(path: string, source: string): Promise<void>;
  /**
   * Receives what a member's training learned.
   *
   * @param tensors In saved form.
   * @param baseWeights The digest of the base model's weights, if it is known.
   * @returns Where it is.
   */
  trained(
    member: string,
    name: string,
    stage: PreparedTraining,
    tensors: TensorMap,
    baseWeights: string | undefined,
  ): Promise<string>;
}

/** An output that receives nothing until `settled` confirms that everything it was derived from is valid. */
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
