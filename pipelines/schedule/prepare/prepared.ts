/** Prepared stages, ready to compile. @module */
import type { RowList } from "../../common/row_list.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { ActivationsSpec, EvaluateSpec, MetricSpec, Resolved, StageKind, TrainSpec } from "../../spec/mod.ts";
import type { Member } from "../expand/member.ts";
import type { ActivationRequest } from "./activation_request.ts";
import type { Choice } from "./choices.ts";
import type { PreparedModel } from "./prepared_model.ts";
import type { PreparedRows } from "./read_rows.ts";

/** How a training is validated. */
export interface PreparedValidation {
  /** What is measured each time. */
  readonly evaluation: PreparedEvaluation;
  /** The number of steps between validations. */
  readonly interval: number;
  /** The metric that determines the best parameters. */
  readonly best: MetricSpec;
}

/** A training, ready to compile. */
export interface PreparedTraining extends PreparedModel {
  readonly kind: "train";
  /** Its name in results.json. */
  readonly name: string;
  readonly spec: Resolved<TrainSpec>;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  /** Set if these rows stand for others: the number of sampled rows, each of which represents several. */
  readonly sampled?: number;
  readonly trainableParameters: number;
  /** How it is validated while it runs; `undefined` if it is not. */
  readonly validation: PreparedValidation | undefined;
}

/** The model that a stage without its own training uses. */
export interface ActingModel {
  readonly model: PreparedModel;
  /** The training that provides the edits' tensors; `undefined` for an untrained model. */
  readonly training: PreparedTraining | undefined;
  /** The training's epoch after which they are taken; `undefined` for its final result. */
  readonly epoch: number | undefined;
}

/** An evaluation, ready to compile. */
export interface PreparedEvaluation extends PreparedModel, PreparedRows {
  readonly kind: "evaluate";
  readonly name: string;
  readonly spec: Resolved<EvaluateSpec>;
  /** The training that provides the edits' tensors; `undefined` for an untrained model. */
  readonly training: PreparedTraining | undefined;
  /** As in {@linkcode ActingModel}. */
  readonly epoch: number | undefined;
  /** How many rows run together. */
  readonly batchSize: number;
  /** Each row's candidate answers, if the evaluation chooses. */
  readonly choices: RowList<readonly Choice[]> | undefined;
}

/** The values to record of a model, ready to run. */
export interface PreparedActivations extends PreparedModel, PreparedRows, ActivationRequest {
  readonly kind: "activations";
  readonly name: string;
  readonly spec: Resolved<ActivationsSpec>;
  /** The training that provides the edits' tensors; `undefined` for an untrained model. */
  readonly training: PreparedTraining | undefined;
  /** As in {@linkcode ActingModel}. */
  readonly epoch: number | undefined;
}

/** Stages ready to run, by their kind. */
export interface PreparedStages {
  readonly train: PreparedTraining;
  readonly evaluate: PreparedEvaluation;
  readonly activations: PreparedActivations;
}

/** A stage, ready to run. */
export type PreparedStage = PreparedStages[StageKind];

/** A member's stages in the order in which they run. */
export interface PreparedMember {
  readonly member: Member;
  readonly stages: readonly PreparedStage[];
  readonly trainableParameters: number;
}
