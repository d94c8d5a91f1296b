/** The served models, ready to generate: each is opened on first use, and kept while it is used. @module */
import type { KeyValueType } from "../compile/programs/forward.ts";
import { mergeValues } from "../../ops/program/own_value.ts";
import { join } from "node:path";
import { adaptationsOf } from "../cli/requests/stored_intervention.ts";
import { RequestError } from "../common/errors.ts";
import type { Adaptation } from "../compile/lower/adaptation.ts";
import { lowerAdaptations } from "../compile/lower/lower_adaptations.ts";
import { withStrength } from "../compile/lower/strength.ts";
import { readTensors, type TensorMap } from "../compile/parameters/initial.ts";
import { interventionFileNames } from "../compile/parameters/intervention_file.ts";
import type { Generator } from "../decoding/continuation.ts";
import { editedModel, type Model, type ModelWeights } from "../models/open/model.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import { openGenerator } from "../schedule/evaluate/generator.ts";
import { baseName, type Catalog, type ServedEdit } from "./catalog.ts";
import { Recent } from "./recent.ts";
import type { EditRequest } from "./writing_request.ts";

/** The served base model. */
export interface ServedBase {
  readonly model: Model;
  readonly weights: ModelWeights;
  /** The type that keys and values are kept in. */
  readonly keyValueType: KeyValueType;
  /** Tokens that end an answer besides the model's own. */
  readonly endTokens: ReadonlySet<number>;
}

/** How many edits and combinations of edits stay ready. Their programs share what is equal in them. */
const mostReady = 128;

/** How many combinations with strengths stay ready: they have copies of tensors that are quickly made. */
const mostScaled = 32;

/** Models with edits, ready to generate. */
export class EditedModels {
  readonly #runContext: RunContext;
  readonly #base: ServedBase;
  readonly #catalog: Catalog;
  readonly #ready = new Recent<Generator>(mostReady);
  readonly #scaled = new Recent<Generator>(mostScaled);
  /** Each edit's tensors as its file names them, which all its combinations share. */
  readonly #tensors = new Recent<TensorMap>(mostReady);

  constructor(runContext: RunContext, base: ServedBase, catalog: Catalog) {
    this.#runContext = runContext;
    this.#base = base;
    this.#catalog = catalog;
  }

  /**
   * The generator with the edits of a request.
   *
   * @throws {ApiError} If it names a model that does not exist.
   * @throws {RequestError} If an edit cannot be read, or its strength cannot be set.
   */
  async generator({ names, strengths }: EditRequest): Promise<Generator> {
    const acting = names.flatMap((name, at) => {
      const strength = strengths[at]!;
      return name === baseName || strength === 0 ? [] : [{ name, edit: this.#catalog.edit(name), strength }];
    });
    // A misspelt name is an error even if its strength is 0.
    for (const name of names) if (name !== baseName) this.#catalog.edit(name);
    const edits = acting.map(({ edit }) => edit), places = acting.map(({ edit }) => edit.state);
    const unscaled = await this.#ready.of(JSON.stringify(places), () => this.#open(edits));
    if (acting.every(({ strength }) => strength === 1)) return unscaled;
    return await this.#scaled.of(JSON.stringify([places, acting.map(({ strength }) => strength)]), () => {
      const owners = ownersOf(edits, this.#base.model);
      const scaled = withStrength(unscaled, ({ index }) => acting[owners[index]!]!.strength);
      // Edits that decode as the bare base still do; those that act on generated tokens decode separately.
      const decodesAs = typeof unscaled.decodesAs === "string" ? unscaled.decodesAs : {};
      return Promise.resolve({ ...unscaled, ...scaled, decodesAs });
    });
  }

  async #open(edits: readonly ServedEdit[]): Promise<Generator> {
    const { model, weights, keyValueType, endTokens } = this.#base;
    const adaptations = lowered(edits, model), tensors = await this.#tensorsOf(edits, adaptations);
    const compiled = {
      architecture: model.architecture,
      storedType: weights.storedType,
      members: [adaptations],
      full: false,
      keyValueType,
    };
    const writer = { model, weights, compiled, adaptations, tensors, endTokens };
    return await openGenerator(this.#runContext, writer);
  }

  /** The tensors of the adaptations that edits are combined to. */
  async #tensorsOf(edits: readonly ServedEdit[], adaptations: readonly Adaptation[]): Promise<TensorMap> {
    const owners = ownersOf(edits, this.#base.model);
    const parts = edits.map(async ({ stored, state }, at) => {
      const own = adaptations.filter(({ index }) => owners[index] === at), first = own[0]?.index ?? 0;
      const alone = own.map((adaptation) => ({ ...adaptation, index: adaptation.index - first }));
      const tensors = await this.#tensors.of(state, () => readTensors(stored.tensors, alone));
      return numberedFrom(first, tensors);
    });
    return mergeValues(await Promise.all(parts));
  }
}

/** An edit's tensors, whose adaptations are numbered from 0, with its adaptations numbered from another index. */
function numberedFrom(first: number, tensors: TensorMap): TensorMap {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const [index = "", ...role] = name.split(".");
      return [[first + Number(index), ...role].join("."), tensor];
    }),
  );
}

/** The edits in order as one list of adaptations. */
function lowered(edits: readonly ServedEdit[], model: Model): readonly Adaptation[] {
  const loaded = edits.map(({ stored }, at) => ({
    kind: "saved" as const,
    // Edits that act on the same tokens with different strengths have separate masks.
    adaptations: adaptationsOf(stored, editedModel(model)).map((adaptation) => {
      const { index: _, ...own } = adaptation;
      return own.form === "intervention" && at > 0 ? { ...own, positionsText: `${own.positionsText}.${at}` } : own;
    }),
    initial: join(stored.folder, interventionFileNames.tensors),
  }));
  const adaptations = lowerAdaptations(loaded, editedModel(model));
  if (adaptations.filter(({ form }) => form === "prefix").length > model.architecture.blocks) {
    throw new RequestError("several prefixes can't be combined; name one");
  }
  return adaptations;
}

/** The edit that each adaptation of a combination belongs to, by index. */
function ownersOf(edits: readonly ServedEdit[], model: Model): readonly number[] {
  return edits.flatMap(({ stored }, at) => adaptationsOf(stored, editedModel(model)).map(() => at));
}
