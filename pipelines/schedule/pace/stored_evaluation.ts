/** Whether the store has everything that an evaluation computes, so that it would take no time. @module */
import type { ModelWeights } from "../../models/open/model.ts";
import type { RunContext } from "../context/run_context.ts";
import { evaluationKeys } from "../evaluate/evaluation_keys.ts";
import { noWeights } from "../prepare/model_weights.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import { untrainedTensors } from "../train/acting_tensors.ts";

/**
 * Whether an evaluation's predictions are in the store; `false` if that cannot be known.
 *
 * @param weights Those of the base model.
 * @param trainedKey The key of its training's result, if it has one and that is in the store.
 */
export async function isEvaluationStored(
  runContext: RunContext,
  stage: PreparedEvaluation,
  weights: ModelWeights,
  trainedKey: string | undefined,
): Promise<boolean> {
  if (weights.digest === noWeights.digest || stage.of !== undefined || stage.epoch !== undefined) return false;
  if (stage.training !== undefined && trainedKey === undefined) return false;
  const tensorsKey = trainedKey ?? (await untrainedTensors(stage, weights)).key;
  return evaluationKeys(runContext, { stage, weights, tensorsKey }).every((key) => {
    return runContext.store.has("predictions", key);
  });
}
