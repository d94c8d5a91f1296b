/** Measures a training's validations as evaluations are measured, with the sessions that are open. @module */
import { writtenOf } from "../../decoding/kinds.ts";
import { measure } from "../../metrics/measure.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { AnswersAhead } from "../evaluate/answers_ahead.ts";
import { predictions } from "../evaluate/evaluate.ts";
import type { Due, MeasureValidation } from "../train/training_watch.ts";
import type { SharedWork } from "./stage_execution.ts";
import { actingTensors } from "../train/acting_tensors.ts";

/** Measures the validations that are due at a step, together; each note is given once per training. */
export function validating(
  runContext: RunContext,
  { prompts, scores }: Pick<SharedWork, "prompts" | "scores">,
): MeasureValidation {
  const said = new Set<string>();
  const jobOf = (step: number, { job: { stage: { validation }, weights, compiled, key }, tensors }: Due) => {
    if (validation === undefined) throw new TypeError("The training has no validation");
    const { evaluation } = validation;
    return {
      stage: evaluation,
      weights,
      compiled,
      tensors: actingTensors(evaluation, tensors),
      tensorsKey: keyOf([key, step]),
      encodedPrompts: () => prompts.of(evaluation),
      encodedScores: () => scores.of(evaluation),
      isQuiet: () => true,
    };
  };
  return async (step, due, measured) => {
    const jobs = due.map((each) => jobOf(step, each));
    await using answers = new AnswersAhead(runContext, (after) => {
      const [next] = jobs.slice(jobs.findIndex(({ stage }) => stage === after) + 1);
      return Promise.resolve(next && writtenOf(next.stage.spec.decoding).newTokens > 0 ? next : undefined);
    });
    for (const [at, job] of jobs.entries()) {
      const { stage: { name, spec: { metrics: asked } } } = job;
      const { predicted } = await predictions(runContext, job, () => answers.of(job));
      const { metrics } = measure(asked, predicted, (caution) => {
        const says = `${name}: ${caution}`;
        if (!said.has(says)) runContext.emit({ kind: "note", message: `${says} (after step ${step})` });
        said.add(says);
      });
      measured(at, metrics);
    }
  };
}
