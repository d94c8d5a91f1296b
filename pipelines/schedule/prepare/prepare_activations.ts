/** Prepares activations stages. @module */
import type { Dataset } from "../../data/dataset.ts";
import type { ActivationsSpec, Resolved } from "../../spec/mod.ts";
import { activationRequestOf } from "./activation_request.ts";
import { cautionsOfActivations } from "./cautions.ts";
import { requireSelections } from "./example_checks.ts";
import type { ActingModel, PreparedActivations } from "./prepared.ts";
import { cutOfHead, modelPart } from "./prepared_model.ts";
import type { SharedPreparation } from "./shared_preparation.ts";

/**
 * Prepares an activations stage.
 *
 * @throws {RequestError} If its model, data or a setting is invalid.
 */
export async function prepareActivations(
  shared: SharedPreparation,
  name: string,
  spec: Resolved<ActivationsSpec>,
  { model, training, epoch }: ActingModel,
): Promise<PreparedActivations> {
  const { maxLength, truncate } = cutOfHead(model, training);
  const prepared = await shared.rows(spec.data, model, maxLength, {
    truncate,
    keepsLabels: hasLabels(spec.data),
  });
  requireSelections(model.adaptations, prepared.examples);
  const request = activationRequestOf(name, spec, model, prepared.examples);
  const acting = { ...modelPart(model), training, epoch };
  const stage = { ...acting, kind: "activations" as const, name, spec, ...prepared, ...request };
  for (const [says, kind] of await cautionsOfActivations(stage)) shared.warnOnce(says, kind);
  return stage;
}

/** Whether the rows of a data set have labels. */
function hasLabels(data: Dataset): boolean {
  if ("of" in data) return hasLabels(data.of);
  return "template" in data && typeof data.template === "object" && "label" in data.template;
}
