/** What stages are when they are ready to compile. @module */
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { Model } from "../../models/open/model.ts";
import type { ActivationsSpec, EvaluateSpec, FullFinetuningSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import type { ActivationRequest } from "./activation_request.ts";
import type { Choice } from "./choices.ts";
import type { Member } from "../expand/expand.ts";
import type { PreparedRows } from "./read_rows.ts";

/** A file of tensors, and the adaptations that start from them. */
export interface InitialFile {
  readonly path: string;
  readonly of: readonly Adaptation[];
}

/** A model with its edits lowered. */
export interface PreparedModel {
  readonly model: Model;
  /** How many bits its projections are kept in; as they are stored if `undefined`. */
  readonly quantize: QuantizationName | undefined;
  readonly adaptations: readonly Adaptation[];
  /** The files that edits start from. */
  readonly initialFiles: readonly InitialFile[];
  /** Set if every weight is trained. */
  readonly full: Resolved<FullFinetuningSpec> | undefined;
}

/** A training, ready to compile. */
export interface PreparedTraining extends PreparedModel {
  readonly kind: "train";
  /** Its name in results.json. */
  readonly name: string;
  readonly spec: Resolved<TrainSpec>;
  readonly layout: Layout;
  readonly rows: readonly LaidOutRow[];
  readonly trainableParameters: number;
}

/** An evaluation, ready to compile. */
export interface PreparedEvaluation extends PreparedModel, PreparedRows {
  readonly kind: "evaluate";
  readonly name: string;
  readonly spec: Resolved<EvaluateSpec>;
  /** The training that gives the edits' tensors; `undefined` for a model as it stands. */
  readonly training: PreparedTraining | undefined;
  /** How many rows run together. */
  readonly batchSize: number;
  /** Each row's answers to choose from, if the evaluation chooses. */
  readonly choices: readonly (readonly Choice[])[] | undefined;
}

/** What is to be written down of a model, ready to run. */
export interface PreparedActivations extends PreparedModel, PreparedRows, ActivationRequest {
  readonly kind: "activations";
  readonly name: string;
  readonly spec: Resolved<ActivationsSpec>;
  /** The training that gives the edits' tensors; `undefined` for a model as it stands. */
  readonly training: PreparedTraining | undefined;
}

/** A stage, ready to run. */
export type PreparedStage = PreparedTraining | PreparedEvaluation | PreparedActivations;

/** A member's stages in the order in which they run. */
export interface PreparedMember {
  readonly member: Member;
  readonly stages: readonly PreparedStage[];
  readonly trainableParameters: number;
}
