/** Measures a training's validations as evaluations are measured, with the sessions that are open. @module */
import { measure } from "../../metrics/measure.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { predictions } from "../evaluate/evaluate.ts";
import type { MeasureValidation } from "../train/training_watch.ts";
import type { SharedWork } from "./stage_execution.ts";
import { actingTensors } from "../train/acting_tensors.ts";

/** Measures validations; each note is given once per training. */
export function validating(
  runContext: RunContext,
  { prompts, scores }: Pick<SharedWork, "prompts" | "scores">,
): MeasureValidation {
  const said = new Set<string>();
  return async ({ stage: { validation }, weights, compiled, key }, step, tensors) => {
    if (validation === undefined) throw new TypeError("The training has no validation");
    const { evaluation } = validation;
    const { predicted } = await predictions(runContext, {
      stage: evaluation,
      weights,
      compiled,
      tensors: actingTensors(evaluation, tensors),
      tensorsKey: keyOf([key, step]),
      encodedPrompts: () => prompts.of(evaluation),
      encodedScores: () => scores.of(evaluation),
      isQuiet: true,
    });
    const { metrics } = measure(evaluation.spec.metrics, predicted, (caution) => {
      const says = `${evaluation.name}: ${caution}`;
      if (!said.has(says)) runContext.emit({ kind: "note", message: `${says} (after step ${step})` });
      said.add(says);
    });
    return metrics;
  };
}
