/** Prepares evaluations. @module */
import { atLocationOf, placed } from "../../common/source_location.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { requireRoom } from "../../compile/lower/prefix_tuning.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";
import { cautionsOfEvaluation } from "./cautions.ts";
import { choiceNotes } from "./choice_notes.ts";
import { answeredExamples, choicesOf } from "./choices.ts";
import { defaultBatchSize } from "./default_batch_size.ts";
import { longestOf, requireSelections } from "./example_checks.ts";
import { requireMeasurable, requirePredicted, requireVaried } from "./head_checks.ts";
import { requireJudgeable, withGamedBaselines } from "./judge_checks.ts";
import { requirePairs } from "./preference_checks.ts";
import { requireProblems } from "./program_checks.ts";
import type { ActingModel, PreparedEvaluation } from "./prepared.ts";
import { cutOfHead, modelPart } from "./prepared_model.ts";
import { sharedRowsNote } from "./shared_rows.ts";
import { overlapNote } from "./task_record.ts";
import { requireStops } from "./stops.ts";
import type { SharedPreparation } from "./shared_preparation.ts";
import { joinedRows } from "../../common/row_list.ts";

/**
 * Prepares an evaluation.
 *
 * @throws {RequestError} If its model, data or a setting is invalid.
 */
export async function prepareEvaluation(
  shared: SharedPreparation,
  name: string,
  spec: Resolved<EvaluateSpec>,
  { model, training, epoch }: ActingModel,
): Promise<PreparedEvaluation> {
  const { model: base, adaptations } = model, head = headOf(adaptations);
  requireMeasurable(name, spec, head);
  atLocationOf(spec, () => requirePredicted(model));
  // A head is evaluated on the kind of target that it was trained on.
  const ofHead = cutOfHead(model, training);
  const maxLength = spec.maxLength ?? ofHead.maxLength;
  const { newTokens: toWrite } = writtenOf(spec.decoding);
  const { rows, examples, of } = await shared.rows(spec.data, model, maxLength, {
    asks: true,
    toWrite,
    truncate: spec.truncate ?? ofHead.truncate,
    fewShot: spec.fewShot,
  });
  requirePairs(name, spec.metrics, examples);
  requireVaried(spec.metrics, examples);
  requireProblems(name, spec.metrics, rows, of !== undefined);
  requireJudgeable(name, spec.metrics, rows);
  // A sample does not show this.
  const isWhole = of === undefined && training?.sampled === undefined;
  const note = training === undefined || !isWhole ? undefined : sharedRowsNote(name, training.rows, examples);
  if (note !== undefined) shared.warnOnce(placed(spec, note));
  const choices = choicesOf(spec, rows, examples, base), longest = longestOf(examples);
  for (const note of atLocationOf(spec.decoding, () => choiceNotes(spec, rows, choices))) {
    shared.warnOnce(`${name}: ${note}`);
  }
  const all = joinedRows(examples, answeredExamples({ choices }));
  requireStops(spec.decoding, base.tokenizer);
  requireRoom(adaptations, longestOf(all), base.architecture.contextLength);
  atLocationOf(spec, () => requireSelections(adaptations, all));
  const batchSize = spec.batchSize ?? defaultBatchSize(base, spec.decoding, longest);
  const sampled = of === undefined ? {} : { of };
  const stage = {
    ...sampled,
    name,
    spec: await withGamedBaselines(spec, shared.base),
    training,
    epoch,
    rows,
    examples,
    choices,
    batchSize,
  };
  const prepared = { ...modelPart(model), kind: "evaluate" as const, ...stage };
  const overlap = overlapNote(prepared);
  if (overlap !== undefined) shared.warnOnce(placed(spec, overlap));
  for (const [says, kind] of await cautionsOfEvaluation(prepared)) shared.warnOnce(says, kind);
  return prepared;
}
