/** Evaluations made ready. @module */
import { atLocationOf } from "../../common/source_location.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { requireRoom } from "../../compile/lower/prefix_tuning.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";
import { choicesOf } from "./choices.ts";
import { defaultBatchSize } from "./default_batch_size.ts";
import { longestOf, requireSelections } from "./example_checks.ts";
import { requireMeasurable, requirePredicted, requireVaried } from "./head_checks.ts";
import type { ActingModel, PreparedEvaluation } from "./prepared.ts";
import { modelPart } from "./prepared_model.ts";
import type { SharedPreparation } from "./shared_preparation.ts";

/**
 * An evaluation made ready.
 *
 * @throws {RequestError} If its model, data or a setting is not sound.
 */
export async function prepareEvaluation(
  shared: SharedPreparation,
  name: string,
  spec: Resolved<EvaluateSpec>,
  { model, training }: ActingModel,
): Promise<PreparedEvaluation> {
  const { model: base, adaptations } = model, head = headOf(adaptations);
  requireMeasurable(name, spec, head);
  atLocationOf(spec, () => requirePredicted(model));
  const maxLength = head === undefined ? undefined : spec.maxLength ?? training?.spec.maxLength;
  const { rows, examples } = await shared.rows(spec.data, model, maxLength, true);
  requireVaried(spec.metrics, examples);
  const choices = choicesOf(spec.decoding, rows, examples, base), longest = longestOf(examples);
  requireRoom(adaptations, longest, base.architecture.contextLength);
  atLocationOf(spec, () => requireSelections(adaptations, examples));
  const batchSize = spec.batchSize ?? defaultBatchSize(base, spec.decoding, longest);
  return { ...modelPart(model), kind: "evaluate", name, spec, training, rows, examples, choices, batchSize };
}
