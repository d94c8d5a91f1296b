/** Where trainings are cut, and why. @module */
import { counted } from "../../common/counted.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { keptLevel } from "../../compile/frontier/memory_budget.ts";
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import { isWhole, tailOf } from "../../compile/rows/layout.ts";
import type { TrainJob } from "../train/train_job.ts";
import { contextTokens } from "./context_tokens.ts";
import type { PlannedFrontier } from "./plan.ts";
import type { Group } from "./plan_estimates.ts";

/** Where the trainings of a group are cut, with the reason in words. */
export function frontierOf({ job: { stage, programs }, jobs }: Group): PlannedFrontier {
  const { shared, context } = contextTokens(stage.rows), { tail } = typicalExtents(stage.rows);
  const reason = stage.full !== undefined
    ? "every weight is trained, so nothing is constant"
    : stage.spec.baseDropout === true
    ? "the model's own dropout acts, so only what comes before it is computed once"
    : programs.kept.length === 0 && programs.bytePrice > 1
    ? "the constant part does not fit the budget, so each step recomputes it"
    : stage.model.architecture.encoder !== undefined
    ? encoderReason(stage)
    : isWhole(stage.layout)
    ? `the edits reach the prompt's first tokens, so only what is below the lowest edit is computed once`
    : `the edits begin ${tokens(-tailOf(stage.layout).from)} before the prompt's end: the ${
      tokens(shared + context)
    } before are computed once${shared > 0 ? ` (the first ${shared} for all rows together)` : ""}, ` +
      `each step runs over ${tail}`;
  const kept = programs.kept.map(({ value }) => value.shape);
  const level = keptLevel(programs.accumulate, programs.kept), bytes = packedBytes(programs.kept, stage.rows);
  const members = jobs.map(({ member }) => member), { recomputed, recomputedBlocks } = programs;
  return { members, reason, level, bytes, kept, recomputed, recomputedBlocks };
}

/** What is constant if an encoder reads the prompts. */
function encoderReason({ adaptations }: TrainJob["stage"]): string {
  return adaptations.some(({ stack }) => stack === "encoder")
    ? "the edits act in the encoder, so only what is below the lowest edit is computed once"
    : "the edits act only in the decoder, so everything that the encoder computes is computed once";
}

function tokens(count: number): string {
  return counted(count, "token");
}
