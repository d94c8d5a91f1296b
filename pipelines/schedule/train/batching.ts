/** Which trainings run as one batch: members that differ only in what is trained. @module */
import { namingFunctions } from "../../common/function_name.ts";
import { isSelectedByFunction } from "../../compile/lower/adaptation.ts";
import { copyingBlock } from "../../compile/lower/members_hook.ts";
import { isWhole } from "../../compile/rows/layout.ts";
import { keyOf } from "../../store/store.ts";
import { mostActivations, stepsOf } from "./steps.ts";
import type { TrainJob } from "./train_job.ts";
import { lengthsOf, longest } from "../../compile/rows/row_lengths.ts";

/** Equal for trainings that may be batched; `undefined` for one that may not. */
export function batchingKey(job: TrainJob): string | undefined {
  const { stage: { spec, adaptations, layout, full }, programs } = job;
  const copied = copyingBlock(adaptations);
  if (full !== undefined || isWhole(layout) || copied === undefined) return undefined;
  // The base's dropout is drawn for one copy of the batch.
  if (spec.baseDropout === true) return undefined;
  // Functions that select tokens are numbered only within their own member.
  if (adaptations.some(isSelectedByFunction)) return undefined;
  const { model: _, ...settings } = spec;
  const declared: unknown = JSON.parse(JSON.stringify(settings, namingFunctions));
  return keyOf([job.encodingKey, copied, declared, stepsOf({ ...job.stage, programs })]);
}

/** With this many rows at once, matrix products reach full speed. */
const enoughRows = 256;

/** How many trainings like this one are batched: until matrix products are fast or the memory is used up. */
export function mostBatched({ stage: { spec, rows }, programs }: TrainJob): number {
  const tokens = spec.batchSize * longest(lengthsOf(rows).tail);
  return Math.max(1, Math.min(Math.ceil(enoughRows / tokens), mostActivations / (tokens * programs.activationBytes)));
}
