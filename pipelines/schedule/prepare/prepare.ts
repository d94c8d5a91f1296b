/**
 * Stages made ready: models opened, data read and tokenized, edits lowered. Whatever is wrong with a request shows here,
 * before anything runs.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import { type Adaptation, headOf, interventionsOf, isFixed, isFrozen } from "../../compile/lower/adaptation.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { selectorName } from "../../compile/lower/token_selectors.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import { type Layout, layoutOf, wholeRows } from "../../compile/rows/layout.ts";
import { requireRoom } from "../../compile/lower/prefix_tuning.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { kindOf, sourceOf } from "../../data/source_kinds.ts";
import { RequestError } from "../../common/errors.ts";
import { parameterCount } from "../../models/architecture/architecture.ts";
import { atLocationOf } from "../../common/source_location.ts";
import type { ActivationsSpec, EvaluateSpec, ModelSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import { activationRequestOf } from "./activation_request.ts";
import { choicesOf } from "./choices.ts";
import type { Member } from "../expand/expand.ts";
import { requireMeasurable, requirePredicted, requireVaried, unseenLabels } from "./head_checks.ts";
import { prepareModel } from "./prepare_model.ts";
import type {
  PreparedActivations,
  PreparedEvaluation,
  PreparedMember,
  PreparedModel,
  PreparedStage,
  PreparedTraining,
} from "./prepared.ts";
import { type PreparedRows, readRows } from "./read_rows.ts";
import { requireStops } from "./stops.ts";
import { usualBatch } from "./usual_batch.ts";
import { validate } from "./validate.ts";
import type { RunContext } from "../context/run_context.ts";

/** Rows cut into segments. */
interface LaidOut {
  readonly layout: Layout;
  readonly rows: readonly LaidOutRow[];
}

/** Makes members ready, sharing models and data between them. */
export class Preparation {
  readonly #runContext: RunContext;
  #warnedOfDecay = false;
  readonly #warnedOf = new Set<string>();
  readonly #shared = new Map<string, Promise<unknown>>();
  readonly #models = new WeakMap<Resolved<ModelSpec>, Promise<PreparedModel>>();
  readonly #rowNumbers = new WeakMap<PreparedRows, number>();
  #rowsRead = 0;
  readonly #layouts = new WeakMap<PreparedModel, Map<PreparedRows, LaidOut>>();

  constructor(runContext: RunContext) {
    this.#runContext = runContext;
  }

  /**
   * A member's stages.
   *
   * @throws {RequestError} If the model, its edits, the data or a setting is not sound.
   */
  async member(member: Member): Promise<PreparedMember> {
    for (const [name, stage] of Object.entries(member.stages)) validate(name, stage);
    const stages: PreparedStage[] = [];
    const trainings: PreparedTraining[] = [];
    const train = async (name: string, spec: Resolved<TrainSpec>): Promise<PreparedTraining> => {
      const known = trainings.find((other) => other.spec === spec || specKey(other.spec) === specKey(spec));
      if (known !== undefined) return known;
      const prepared = await atLocationOf(spec, () => this.#training(name, spec));
      trainings.push(prepared);
      stages.push(prepared);
      return prepared;
    };
    for (const [name, stage] of Object.entries(member.stages)) {
      if (stage.kind === "train") await train(name, stage);
      else {
        const training = stage.model.kind === "train" ? await train(name, stage.model) : undefined;
        stages.push(
          await atLocationOf(
            stage,
            async () =>
              stage.kind === "evaluate"
                ? await this.#evaluation(name, stage, training)
                : await this.#activations(name, stage, training),
          ),
        );
      }
    }
    const trainableParameters = trainings.reduce((sum, stage) => sum + stage.trainableParameters, 0);
    return { member, stages, trainableParameters };
  }

  async #training(name: string, spec: Resolved<TrainSpec>): Promise<PreparedTraining> {
    const model = await this.#model(spec.model);
    if (model.adaptations.every(isFrozen) && model.full === undefined) {
      throw new RequestError(
        `the training ${name} has nothing to train; give its model an edit, as in model.with(loreft(…))`,
      );
    }
    if (spec.optimizer.weightDecay > 0 && model.adaptations.some(isOrthogonal)) this.#warnOfDecay();
    atLocationOf(spec, () => requirePredicted(model));
    const prepared = await this.#rows(spec.data, model, spec.maxLength);
    this.#warnOfUnseen(name, unseenLabels(headOf(model.adaptations), prepared.examples));
    const { layout, rows } = await this.#laidOut(model, prepared);
    return { ...model, kind: "train", name, spec, layout, rows, trainableParameters: countParameters(model) };
  }

  async #laidOut(model: PreparedModel, prepared: PreparedRows): Promise<LaidOut> {
    const known = this.#layouts.getOrInsertComputed(model, () => new Map());
    const found = known.get(prepared);
    if (found !== undefined) return found;
    const { examples } = prepared, { adaptations, model: { architecture } } = model;
    requireRoom(adaptations, longestOf(examples), architecture.contextLength);
    const plain = model.full === undefined
      ? layoutOf(architecture, adaptations, examples)
      : wholeRows(architecture, adaptations);
    const layout = withAttentionParts(plain, architecture, examples);
    requireChoices(adaptations, examples);
    const rows = await this.#once(["layout", layout, this.#numberOf(prepared)], () => {
      return Promise.resolve(examples.map((example) => layOut(example, layout)));
    });
    known.set(prepared, { layout, rows });
    return { layout, rows };
  }

  /** Rows that were read in one way are one object. */
  #numberOf(rows: PreparedRows): number {
    return this.#rowNumbers.getOrInsertComputed(rows, () => this.#rowsRead++);
  }

  async #evaluation(
    name: string,
    spec: Resolved<EvaluateSpec>,
    training: PreparedTraining | undefined,
  ): Promise<PreparedEvaluation> {
    const model = training ?? await this.#model(spec.model as Resolved<ModelSpec>);
    const head = headOf(model.adaptations);
    requireMeasurable(name, spec, head);
    atLocationOf(spec, () => requirePredicted(model));
    const maxLength = head === undefined ? undefined : spec.maxLength ?? training?.spec.maxLength;
    const { rows, examples } = await this.#rows(spec.data, model, maxLength, true);
    requireVaried(spec.metrics, examples);
    const { model: base, quantize, adaptations, initialFiles, full } = model;
    const prepared = { model: base, quantize, adaptations, initialFiles, full };
    const choices = choicesOf(spec.decoding, rows, examples, base);
    requireStops(spec.decoding, base.tokenizer);
    requireRoom(adaptations, longestOf(examples), base.architecture.contextLength);
    atLocationOf(spec, () => requireChoices(adaptations, examples));
    const batchSize = spec.batchSize ?? usualBatch(base, spec.decoding, longestOf(examples));
    return { ...prepared, kind: "evaluate", name, spec, training, rows, examples, choices, batchSize };
  }

  async #activations(
    name: string,
    spec: Resolved<ActivationsSpec>,
    training: PreparedTraining | undefined,
  ): Promise<PreparedActivations> {
    const model = training ?? await this.#model(spec.model as Resolved<ModelSpec>);
    const maxLength = headOf(model.adaptations) === undefined ? undefined : training?.spec.maxLength;
    const prepared = await this.#rows(spec.data, model, maxLength);
    requireChoices(model.adaptations, prepared.examples);
    const { model: base, quantize, adaptations, initialFiles, full } = model;
    const asked = activationRequestOf(name, spec, model, prepared.examples);
    return {
      kind: "activations",
      model: base,
      quantize,
      adaptations,
      initialFiles,
      full,
      name,
      spec,
      training,
      ...prepared,
      ...asked,
    };
  }

  /** Members share the parts that no axis of theirs changes, so that each model is prepared once. */
  #model(spec: Resolved<ModelSpec>): Promise<PreparedModel> {
    return this.#models.getOrInsertComputed(spec, () => prepareModel(this.#runContext, spec));
  }

  /** @param asks Whether the rows are for the model to answer, which matters to conversations. */
  #rows(
    data: Resolved<TrainSpec>["data"],
    { model, adaptations }: PreparedModel,
    maxLength: number | undefined,
    asks = false,
  ): Promise<PreparedRows> {
    const head = headOf(adaptations), told = head === undefined ? null : [head.kind, head.labels];
    const asksLast = asks && kindOf(sourceOf(data)).hasTurns;
    return this.#once(["rows", data, model.folder, maxLength ?? null, told, asksLast], () => {
      return readRows(data, this.#runContext.base, model, { head, maxLength, asksLast });
    });
  }

  #warnOfUnseen(name: string, labels: readonly string[]): void {
    const told = `no row that ${name} trains on has the label ${labels.join(" or ")}`;
    if (labels.length === 0 || this.#warnedOf.has(told)) return;
    this.#warnedOf.add(told);
    this.#runContext.progress.warn(told);
  }

  #warnOfDecay(): void {
    if (this.#warnedOfDecay) return;
    this.#warnedOfDecay = true;
    this.#runContext.progress.warn(
      "weightDecay takes an orthogonal edit's rotation to zero after its first step, as in torch's parametrization; " +
        "leave it at 0",
    );
  }

  #once<T>(key: unknown, make: () => Promise<T>): Promise<T> {
    return this.#shared.getOrInsertComputed(JSON.stringify(key), make) as Promise<T>;
  }
}

/** Asks for all that is chosen of each example, so that a choice that is none shows now. */
function requireChoices(adaptations: readonly Adaptation[], examples: readonly TokenizedExample[]): void {
  selectedRows(interventionsOf(adaptations), examples);
}

function longestOf(examples: readonly TokenizedExample[]): number {
  return examples.reduce((most, { prompt, completion }) => Math.max(most, prompt.length + completion.length), 0);
}

/** Tells specifications apart, by their functions too. */
function specKey(spec: unknown): string {
  return JSON.stringify(spec, (_, value) => typeof value === "function" ? selectorName(value) : value);
}

function isOrthogonal({ tensors }: Adaptation): boolean {
  return Object.values(tensors).some(({ start }) => start === "orthogonal");
}

function countParameters({ model, adaptations, full }: PreparedModel): number {
  const whole = full === undefined ? 0 : parameterCount(model.architecture);
  const trained = adaptations.flatMap((adaptation) =>
    Object.values(adaptation.tensors).filter((role) => !isFixed(adaptation, role))
  );
  return trained.reduce((sum, { shape }) => sum + elementCount(shape), whole);
}
