/** The ways in which the stages of members read data sets, each once. @module */
import { namingFunctions } from "../../common/function_name.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { masksOf } from "../../compile/lower/edit_masks.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { Truncation } from "../../data/length_limits.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { EvaluateSpec, Resolved, StageKind, TrainSpec } from "../../spec/mod.ts";
import type { Member, MemberStages } from "../expand/member.ts";
import { TrainingNames } from "../prepare/training_names.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import type { SharedPreparation } from "../prepare/shared_preparation.ts";
import { validate } from "../validate/validate.ts";

/** A way in which a data set is read. */
export interface DataReading {
  /** Names of stages with what they do. */
  readonly stages: string[];
  readonly isTrained: boolean;
  /** The member whose edits are shown. */
  readonly member: string;
  /** All members that read it this way. */
  readonly members: Set<string>;
  readonly data: Dataset;
  model: PreparedModel;
  readonly maxLength: number | undefined;
  /** Which end of longer rows is cut. */
  readonly truncate: Truncation | undefined;
  /** Whether rows that are cut on the right lose only tokens of their prompt. */
  readonly cutsPrompt: boolean;
  /** How many tokens are to be generated after each prompt. */
  readonly toWrite: number;
  /** Whether the model generates answers, rather than being trained on them. */
  readonly asks: boolean;
  /** The choices: the same for all rows, or the field that lists them. */
  readonly options: readonly string[] | string | undefined;
}

/** What a kind of stage reads, and with which model. */
type ReadBy<K extends StageKind> = (stage: MemberStages[K]) => readonly StageReading[];

interface StageReading extends Pick<DataReading, "isTrained" | "data" | "asks" | "toWrite" | "options"> {
  readonly does: string;
  readonly spec: Resolved<TrainSpec>["model"];
  readonly training: Resolved<TrainSpec> | undefined;
  readonly ownLimit: number | undefined;
  readonly ownSide?: Truncation | undefined;
}

const trainedBy = (spec: Resolved<TrainSpec>): StageReading => ({
  does: "training",
  isTrained: true,
  data: spec.data,
  spec: spec.model,
  training: spec,
  ownLimit: spec.maxLength,
  asks: false,
  toWrite: 0,
  options: undefined,
});

/** What a training reads: the rows that it trains on, and those that it is validated on. */
function readByTraining(spec: Resolved<TrainSpec>): readonly StageReading[] {
  const { validate, model } = spec;
  if (validate === undefined) return [trainedBy(spec)];
  const { data, maxLength: ownLimit, decoding } = validate;
  const reads = { data, ownLimit, asks: true, toWrite: written(decoding), options: optionsOf(decoding) };
  return [trainedBy(spec), { does: "validation", isTrained: false, spec: model, training: spec, ...reads }];
}

/** How many tokens are generated after each prompt. */
const written = (decoding: Resolved<EvaluateSpec>["decoding"]) =>
  decoding === undefined || decoding.kind === "choices" ? 0 : decoding.maxNewTokens;

function optionsOf(decoding: Resolved<EvaluateSpec>["decoding"]): DataReading["options"] {
  return decoding?.kind === "choices" ? decoding.options : undefined;
}

/** The training whose model a stage uses, if there is one, and the model. */
function actingOf(model: MemberStages["evaluate"]["model"]): Pick<StageReading, "training" | "spec"> {
  if (model.kind === "model") return { training: undefined, spec: model };
  const training = model.kind === "train" ? model : model.training;
  return { training, spec: training.model };
}

const readBy: { readonly [K in StageKind]: ReadBy<K> } = {
  train: readByTraining,
  evaluate({ model, data, maxLength, truncate, decoding }) {
    const acting = actingOf(model), { training } = acting;
    const own = {
      data,
      ownLimit: maxLength,
      ownSide: truncate,
      asks: true,
      toWrite: written(decoding),
      options: optionsOf(decoding),
    };
    return [
      ...training === undefined ? [] : readByTraining(training),
      { does: "evaluation", isTrained: false, ...acting, ...own },
    ];
  },
  activations({ model, data }) {
    const acting = actingOf(model), { training } = acting;
    const own = { data, ownLimit: undefined, asks: false, toWrite: 0, options: undefined };
    return [
      ...training === undefined ? [] : readByTraining(training),
      { does: "activations", isTrained: false, ...acting, ...own },
    ];
  },
};

function readingsOf<K extends StageKind>(kind: K, stage: MemberStages[K]): readonly StageReading[] {
  return readBy[kind](stage);
}

/**
 * The ways in which members read their data sets, listed separately for edits that act on different tokens. A reading
 * without edits is listed with one that has edits.
 *
 * @throws {RequestError} If a stage or its model is invalid.
 */
export async function dataReadings(
  shared: SharedPreparation,
  members: readonly Member[],
): Promise<readonly DataReading[]> {
  const found = new Map<string, DataReading[]>();
  for (const { id: member, stages } of members) {
    const declared = Object.entries(stages), names = new TrainingNames(declared);
    for (const [name, stage] of declared) {
      validate(name, stage);
      for (const { does, spec, training, ownLimit, ownSide, ...reading } of readingsOf(stage.kind, stage)) {
        const model = await shared.model(spec), head = headOf(model.adaptations);
        const maxLength = ownLimit ?? (head === undefined ? undefined : training?.maxLength);
        const truncate = ownSide ?? (reading.isTrained || head !== undefined ? training?.truncate : undefined);
        const asks = reading.asks && hasTurns(reading.data);
        const cutsPrompt = reading.asks && head === undefined && truncate === "right";
        const parts = [
          reading.data,
          model.model.folder,
          maxLength,
          maxLength === undefined ? 0 : reading.toWrite,
          truncate,
          cutsPrompt,
          asks,
        ];
        const key = JSON.stringify(
          [...parts, head?.kind, head?.labels, reading.isTrained, reading.options],
          namingFunctions,
        );
        const ofTraining = training !== undefined && (reading.isTrained || does === "validation");
        const label = `${ofTraining ? names.of(training) : name} (${does})`;
        const alike = found.getOrInsertComputed(key, () => []), edits = editedBy(model);
        let known = alike.find((other) =>
          [editedBy(other.model), edits].includes("") || editedBy(other.model) === edits
        );
        if (known === undefined) {
          known = { ...reading, stages: [], member, members: new Set(), model, maxLength, truncate, cutsPrompt };
          alike.push(known);
        }
        if (!known.stages.includes(label)) known.stages.push(label);
        known.members.add(member);
        if (editedBy(known.model) === "" && known.member === member) known.model = model;
      }
    }
  }
  // What is trained on comes first.
  return [...found.values()].flat().sort((one, other) => Number(other.isTrained) - Number(one.isTrained));
}

/** The tokens that edits act on, as declared; empty without edits. */
function editedBy({ adaptations }: PreparedModel): string {
  return [...new Set(masksOf(adaptations).map(({ positionsText }) => positionsText))].join(" ");
}
