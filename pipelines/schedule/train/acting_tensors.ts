/** The tensors that an untrained model uses. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { savedTensors } from "../../compile/lower/tensor_forms.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { tensorsDigest } from "../keys/content_digests.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import { initialTensors } from "./initial_tensors.ts";

/** The seed for edits that are evaluated without training. */
const untrainedSeed = 42;

/** Tensors in saved form, and what they depend on. */
export interface StageTensors {
  readonly tensors: TensorMap;
  readonly key: string;
}

/** The initial tensors of a model's adaptations. */
export async function untrainedTensors(model: PreparedModel, weights: ModelWeights): Promise<StageTensors> {
  const tensors = await initialTensors(model, weights, untrainedSeed);
  return { tensors: actingTensors(model, tensors), key: tensorsDigest(tensors) };
}

/** The subset of a training's tensors that a model uses. */
export function actingTensors({ full, adaptations }: PreparedModel, tensors: TensorMap): TensorMap {
  if (full !== undefined) return tensors;
  const names = adaptations.flatMap((adaptation) => {
    return Object.keys(savedTensors(adaptation)).map((name) => `${adaptation.index}.${name}`);
  });
  return Object.fromEntries(names.map((name) => [name, ownValue(tensors, name)!]));
}
