/** A model with its adaptations, ready to compile. @module */
import type { SourceLocation } from "../../common/errors.ts";
import { type Adaptation, headOf } from "../../compile/lower/adaptation.ts";
import type { RowCut } from "../../compile/parameters/intervention_file.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import type { FullFinetuningSpec, Resolved, StoredDtype } from "../../spec/mod.ts";
import type { TrainedWith } from "../context/open_models.ts";

/** A file of tensors, and the adaptations that start from them. */
export interface InitialFile {
  readonly path: string;
  readonly of: readonly Adaptation[];
}

/** A model with its edits lowered. */
export interface PreparedModel {
  readonly model: Model;
  /** Where its base model comes from, as written in the pipeline. */
  readonly source: string;
  /** The type that its weights must be stored in, and where the pipeline says so; any if `undefined`. */
  readonly dtype: { readonly stored: StoredDtype; readonly place: SourceLocation | undefined } | undefined;
  /** How its matrices are quantized; as stored if `undefined`. */
  readonly quantize: QuantizationName | undefined;
  readonly adaptations: readonly Adaptation[];
  /** The files that edits start from. */
  readonly initialFiles: readonly InitialFile[];
  /** What the saved ones among the edits were trained with. */
  readonly trainedWith: readonly TrainedWith[];
  /** Set if every weight is trained. */
  readonly full: Resolved<FullFinetuningSpec> | undefined;
}

/**
 * How rows are cut for a model's head if an evaluation does not say: as in the training of its result, or, for a saved
 * head, in that of the saved one.
 */
export function cutOfHead(
  { adaptations, trainedWith }: PreparedModel,
  training: { readonly spec: Partial<RowCut> } | undefined,
): Partial<RowCut> {
  if (headOf(adaptations) === undefined) return {};
  return training?.spec ?? trainedWith.find(({ description }) => description.cut !== undefined)?.description.cut ?? {};
}

/** Only the model's part of a stage. */
export function modelPart(prepared: PreparedModel): PreparedModel {
  const { model, source, dtype, quantize, adaptations, initialFiles, trainedWith, full } = prepared;
  return { model, source, dtype, quantize, adaptations, initialFiles, trainedWith, full };
}

/** What the compiler needs from a prepared model. */
export function compiledModel(prepared: PreparedModel, weights: ModelWeights): CompiledModel {
  const { model, adaptations, full } = prepared;
  return {
    architecture: model.architecture,
    storedType: weights.storedType,
    members: [adaptations],
    full: full !== undefined,
  };
}
