/** Models made ready: opened, their edits lowered. @module */
import { join } from "node:path";
import { type Adaptation, type LoadedPieces, lowerAdaptations } from "../../compile/lower/adaptations.ts";
import { isHeadSpec } from "../../compile/lower/heads.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { lowerDescription, readDescription, storedFiles } from "../../compile/parameters/intervention_file.ts";
import { RequestError } from "../../common/errors.ts";
import { editedModel, type Model, resolvePath } from "../../models/model.ts";
import { placeOf, placing } from "../../common/source_location.ts";
import type { ModelSpec, PieceSpec, Resolved, SavedSpec } from "../../spec/mod.ts";
import { requireOwnFits } from "./head_checks.ts";
import type { InitialFile, PreparedModel } from "./prepared.ts";
import { checkedAdaptation } from "./validate.ts";
import type { Workshop } from "../context/run_context.ts";

type Edit = Resolved<PieceSpec> | LoadedPieces;

/**
 * A model opened, with its edits lowered and the files that they start from found.
 *
 * @throws {RequestError} If the source, an edit or a file is not sound.
 */
export async function prepareModel(workshop: Workshop, spec: Resolved<ModelSpec>): Promise<PreparedModel> {
  const { source, revision, quantize } = spec.base;
  const model = await placing(spec.base, () => workshop.model(source, revision));
  const full = spec.edits.find((edit) => edit.kind === "fullFinetuning");
  const declared = spec.edits.filter((edit) => edit.kind !== "fullFinetuning");
  const edits = await Promise.all(declared.map((edit) => {
    return edit.kind === "saved" ? placing(edit, () => loadSaved(workshop.base, edit, model)) : edit;
  }));
  if (full !== undefined && edits.some((edit) => edit.kind === "saved" || !isHeadSpec(edit))) {
    throw new RequestError("full finetuning leaves nothing frozen to edit; use either it or edits");
  }
  if (full !== undefined && quantize !== undefined) {
    throw new RequestError(
      `full finetuning trains every weight and none can stay in ${quantize}; leave quantize out or train an edit`,
      placeOf(spec.base),
    );
  }
  const lowered = lowerAdaptations(edits, editedModel(model));
  const initialFiles = initialFilesOf(workshop.base, edits, lowered, model);
  for (const { path, of } of initialFiles) await readTensors(path, of);
  const given = new Set(initialFiles.flatMap(({ of }) => of));
  await requireOwnFits(model, lowered.filter((piece) => !given.has(piece)));
  return { model, quantize, adaptations: lowered, initialFiles, full };
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
  { folder, positions, subspace }: Resolved<SavedSpec>,
  model: Model,
): Promise<LoadedPieces> {
  const path = resolvePath(base, folder);
  const description = await readDescription(path);
  try {
    const pieces = lowerDescription(description, editedModel(model), checkedAdaptation, { positions, subspace });
    return { kind: "saved", pieces, initial: join(path, storedFiles.tensors) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw error.placedAt({ file: join(path, storedFiles.description) });
  }
}
