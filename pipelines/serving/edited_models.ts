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

/** How many combinations of edits and strengths stay ready. */
const mostReady = 128;

/** Models with edits, ready to generate. */
export class EditedModels {
  readonly #runContext: RunContext;
  readonly #base: ServedBase;
  readonly #catalog: Catalog;
  /** The most recently used is last. */
  readonly #ready = new Map<string, Promise<Generator>>();

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
    const unscaled = await this.#kept(JSON.stringify(places), () => this.#open(edits));
    if (acting.every(({ strength }) => strength === 1)) return unscaled;
    return await this.#kept(JSON.stringify([places, acting.map(({ strength }) => strength)]), () => {
      const owners = ownersOf(edits, this.#base.model);
      const scaled = withStrength(unscaled, ({ index }) => acting[owners[index]!]!.strength);
      // Edits that decode as the bare base still do; those that act on generated tokens decode separately.
      const decodesAs = typeof unscaled.decodesAs === "string" ? unscaled.decodesAs : {};
      return Promise.resolve({ ...unscaled, ...scaled, decodesAs });
    });
  }

  async #kept(key: string, make: () => Promise<Generator>): Promise<Generator> {
    const found = this.#ready.get(key) ?? make();
    this.#ready.delete(key);
    this.#ready.set(key, found);
    if (this.#ready.size > mostReady) this.#ready.delete(this.#ready.keys().next().value!);
    try {
      return await found;
    } catch (error) {
      this.#ready.delete(key);
      throw error;
    }
  }

  async #open(edits: readonly ServedEdit[]): Promise<Generator> {
    const { model, weights, keyValueType, endTokens } = this.#base;
    const { adaptations, tensors } = await combined(edits, model);
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
}

/** The edits in order as one list of adaptations, with their tensors. */
async function combined(
  edits: readonly ServedEdit[],
  model: Model,
): Promise<{ readonly adaptations: readonly Adaptation[]; readonly tensors: TensorMap }> {
  const adaptations = lowered(edits, model), owners = ownersOf(edits, model);
  const tensors: TensorMap[] = [];
  for (const [at, { stored }] of edits.entries()) {
    const own = adaptations.filter(({ index }) => owners[index] === at);
    tensors.push(await readTensors(stored.tensors, own));
  }
  return { adaptations, tensors: mergeValues(tensors) };
}

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
