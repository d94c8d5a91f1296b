/** The tensors used by a stage that trains nothing itself. @module */
import type { ModelWeights } from "../../models/open/model.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import { actingTensors, type StageTensors, untrainedTensors } from "../train/acting_tensors.ts";
import type { Trainings } from "./trainings.ts";

/** The tensors that a stage uses: those that its training learned, or else the initial values of its adaptations. */
export async function tensorsOf(
  trainings: Trainings,
  stage: PreparedModel & Pick<PreparedEvaluation, "training" | "epoch">,
  weights: ModelWeights,
): Promise<StageTensors> {
  const { training, epoch } = stage;
  if (training !== undefined) {
    const { tensors, key } = epoch === undefined
      ? { tensors: (await trainings.resultOf(training)).tensors, key: trainings.keyOf(training) }
      : await trainings.resultAt(training, epoch);
    return { tensors: actingTensors(stage, tensors), key };
  }
  return await untrainedTensors(stage, weights);
}
