/** A base model with an intervention from a run folder, ready to generate. @module */
import { adaptationsOf, requireNoHead, type StoredIntervention } from "../cli/requests/stored_intervention.ts";
import { readTensors } from "../compile/parameters/initial.ts";
import { editedModel } from "../models/open/model.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import type { WritingModel } from "../schedule/evaluate/generator.ts";

/**
 * Opens a base model with a stored intervention.
 *
 * @param source The base model's.
 * @param positions Replace those that the edits were trained with.
 * @throws {RequestError} If the intervention does not fit the model, or ends in a head.
 */
export async function openStoredWriter(
  runContext: RunContext,
  source: string,
  stored: StoredIntervention,
  positions?: string,
): Promise<WritingModel> {
  const model = await runContext.models.model(source);
  const weights = await runContext.models.weights(model, stored.description.quantize);
  await runContext.models.compareWeights(model, stored, stored.description.quantize);
  const adaptations = adaptationsOf(stored, editedModel(model), positions);
  requireNoHead(adaptations, stored.file, "chat with one without a head");
  const { architecture } = model, { storedType } = weights;
  return {
    model,
    weights,
    compiled: { architecture, storedType, members: [adaptations], full: false },
    adaptations,
    tensors: await readTensors(stored.tensors, adaptations),
  };
}
