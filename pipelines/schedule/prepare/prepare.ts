/**
 * Prepares stages: opens models, reads and tokenizes data, lowers edits. Whatever is wrong with a request is found
 * here, before anything runs.
 *
 * @module
 */
import { atLocationOf } from "../../common/source_location.ts";
import type { Resolved, StageKind, TrainSpec } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Member, MemberStages } from "../expand/member.ts";
import { validate } from "../validate/validate.ts";
import { prepareActivations } from "./prepare_activations.ts";
import { prepareEvaluation } from "./prepare_evaluation.ts";
import { prepareTraining } from "./prepare_training.ts";
import { requireKept } from "./prepare_validation.ts";
import type { ActingModel, PreparedMember, PreparedStage, PreparedTraining } from "./prepared.ts";
import { SharedPreparation } from "./shared_preparation.ts";
import { isSameTraining, TrainingNames } from "./training_names.ts";

/** Prepares members, sharing models and data between them. */
export class Preparation {
  readonly #shared: SharedPreparation;

  /** @param sample How many rows of each data set are enough; all if omitted. */
  constructor(runContext: RunContext, sample?: number) {
    this.#shared = new SharedPreparation(runContext, sample);
  }

  /** Shows the notes on the members, and any others. */
  tellNotes(others: readonly string[] = []): void {
    for (const note of others) this.#shared.warnOnce(note);
    this.#shared.tellNotes();
  }

  /**
   * A member's stages.
   *
   * @throws {RequestError} If the model, its edits, the data or a setting is invalid.
   */
  async member(member: Member): Promise<PreparedMember> {
    const declared = Object.entries(member.stages);
    for (const [name, stage] of declared) validate(name, stage);
    const prepared = new MemberPreparation(this.#shared, new TrainingNames(declared));
    for (const [name, stage] of declared) await addStage(stage.kind, prepared, name, stage);
    const trainableParameters = prepared.trainings.reduce((sum, stage) => sum + stage.trainableParameters, 0);
    return { member, stages: prepared.stages, trainableParameters };
  }
}

/** The stages of one member, in the order in which they run. */
class MemberPreparation {
  readonly shared: SharedPreparation;
  readonly stages: PreparedStage[] = [];
  readonly trainings: PreparedTraining[] = [];
  readonly #names: TrainingNames;

  constructor(shared: SharedPreparation, names: TrainingNames) {
    this.shared = shared;
    this.#names = names;
  }

  /** A training, which runs once in a member however many stages use it. */
  async training(spec: Resolved<TrainSpec>): Promise<PreparedTraining> {
    const known = this.trainings.find((other) => isSameTraining(other.spec, spec));
    if (known !== undefined) return known;
    const prepared = await atLocationOf(spec, () => prepareTraining(this.shared, this.#names.of(spec), spec));
    this.trainings.push(prepared);
    this.stages.push(prepared);
    return prepared;
  }

  /** A stage that uses a training, which runs before it, or an untrained model. */
  async acting<S extends MemberStages["evaluate" | "activations"]>(
    name: string,
    spec: S,
    prepare: (shared: SharedPreparation, name: string, spec: S, acting: ActingModel) => Promise<PreparedStage>,
  ): Promise<void> {
    const acting = await this.#actingModel(spec.model);
    this.stages.push(await atLocationOf(spec, () => prepare(this.shared, name, spec, acting)));
  }

  async #actingModel(spec: MemberStages["evaluate"]["model"]): Promise<ActingModel> {
    if (spec.kind === "model") return { model: await this.shared.model(spec), training: undefined, epoch: undefined };
    const training = await this.training(spec.kind === "train" ? spec : spec.training);
    if (spec.kind === "train") return { model: training, training, epoch: undefined };
    atLocationOf(spec, () => requireKept(training, spec.epoch));
    return { model: training, training, epoch: spec.epoch };
  }
}

/** Prepares a kind of stage and adds it to its member's stages. */
type StagePreparation<K extends StageKind> = (
  member: MemberPreparation,
  name: string,
  spec: MemberStages[K],
) => Promise<unknown>;

const stagePreparations: { readonly [K in StageKind]: StagePreparation<K> } = {
  train: (member, _, spec) => member.training(spec),
  evaluate: (member, name, spec) => member.acting(name, spec, prepareEvaluation),
  activations: (member, name, spec) => member.acting(name, spec, prepareActivations),
};

async function addStage<K extends StageKind>(
  kind: K,
  member: MemberPreparation,
  name: string,
  spec: MemberStages[K],
): Promise<void> {
  await stagePreparations[kind](member, name, spec);
}
