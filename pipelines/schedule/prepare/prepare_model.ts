/** Prepares models: opens them and lowers their edits. @module */
import { join } from "node:path";
import { requireFile } from "../../common/declared_path.ts";
import { RequestError } from "../../common/errors.ts";
import { atLocationOf, locationOf } from "../../common/source_location.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { isHeadSpec } from "../../compile/lower/heads.ts";
import { type LoadedAdaptations, lowerAdaptations } from "../../compile/lower/lower_adaptations.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import {
  interventionFileNames,
  lowerDescription,
  readDescription,
} from "../../compile/parameters/intervention_file.ts";
import { editedModel, type Model, resolvePath } from "../../models/open/model.ts";
import type { BaseModelSpec, ModelSpec, Resolved, SavedSpec, TrainableSpec } from "../../spec/mod.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import type { TrainedWith } from "../context/open_models.ts";
import type { RunContext } from "../context/run_context.ts";
import { checkedAdaptation } from "../validate/adaptation_checks.ts";
import { requireOwnFits } from "./head_checks.ts";
import type { InitialFile, PreparedModel } from "./prepared_model.ts";
import { savedFolder } from "./saved_folder.ts";

/** The adaptations of a saved edit. */
type SavedEdit = LoadedAdaptations & TrainedWith;

type Edit = Resolved<TrainableSpec> | SavedEdit;

/**
 * Opens a model, lowers its edits and finds the files of their initial values.
 *
 * @throws {RequestError} If the source, an edit or a file is invalid.
 */
export async function prepareModel(runContext: RunContext, spec: Resolved<ModelSpec>): Promise<PreparedModel> {
  const { source, revision } = spec.base, quantize = quantizationOf(spec.base);
  const dtype = dtypeOf(spec.base);
  const model = await atLocationOf(spec.base, () => runContext.models.model(source, revision));
  const full = spec.edits.find((edit) => edit.kind === "fullFinetuning");
  const declared = spec.edits.filter((edit) => edit.kind !== "fullFinetuning");
  const edits = await Promise.all(declared.map((edit) => {
    return edit.kind === "saved" ? atLocationOf(edit, () => loadSaved(runContext.base, edit, model)) : edit;
  }));
  if (full !== undefined && edits.some((edit) => edit.kind === "saved" || !isHeadSpec(edit))) {
    throw new RequestError("full finetuning leaves nothing frozen to edit; use either full finetuning or edits");
  }
  if (full !== undefined && quantize !== undefined) {
    throw new RequestError(
      `full finetuning trains every weight, so none can stay in ${quantize}; omit quantize or train an edit`,
      locationOf(spec.base),
    );
  }
  const lowered = lowerAdaptations(edits, editedModel(model));
  for (const edit of declared) {
    const initial = "initial" in edit ? edit.initial : undefined;
    if (initial !== undefined) await atLocationOf(edit, () => requireFile(runContext.base, initial));
  }
  const initialFiles = initialFilesOf(runContext.base, edits, lowered, model);
  for (const { path, of } of initialFiles) await readTensors(path, of);
  const fromFiles = new Set(initialFiles.flatMap(({ of }) => of));
  await requireOwnFits(model, lowered.filter((adaptation) => !fromFiles.has(adaptation)));
  const trainedWith = edits.flatMap((edit) => edit.kind === "saved" ? [edit] : []);
  return { model, source, dtype, quantize, adaptations: lowered, initialFiles, trainedWith, full };
}

/** The type that the weights must be stored in, if it matters. */
function dtypeOf(base: Resolved<BaseModelSpec>): PreparedModel["dtype"] {
  const { dtype, quantize } = base;
  if (dtype === undefined || dtype === "float32") return undefined;
  if (quantize === undefined) return { stored: dtype, place: locationOf(base) };
  throw new RequestError(
    `quantize replaces the weights, so dtype ${dtype} has no meaning; omit dtype`,
    locationOf(base),
  );
}

/** The name of a base model's quantization. */
function quantizationOf({ quantize }: Resolved<BaseModelSpec>): QuantizationName | undefined {
  if (quantize === undefined || typeof quantize === "string") return quantize;
  return quantize.compute === "int8" ? `${quantize.weights}-int8` : quantize.weights;
}

function initialFilesOf(
  base: string,
  edits: readonly Edit[],
  adaptations: readonly Adaptation[],
  model: Model,
): readonly InitialFile[] {
  let start = 0;
  return edits.flatMap((edit) => {
    const of = adaptations.slice(start, start += lowerAdaptations([edit], editedModel(model)).length);
    return edit.initial === undefined ? [] : [{ path: resolvePath(base, edit.initial), of }];
  });
}

async function loadSaved(
  base: string,
  { folder, positions, short, subspace }: Resolved<SavedSpec>,
  model: Model,
): Promise<SavedEdit> {
  const path = await savedFolder(base, folder), file = join(path, interventionFileNames.description);
  const description = await readDescription(path);
  try {
    const overrides = { positions, short, subspace };
    const adaptations = lowerDescription(description, editedModel(model), checkedAdaptation, overrides);
    return { kind: "saved", adaptations, initial: join(path, interventionFileNames.tensors), description, file };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw error.at({ file });
  }
}
