/** The tensors that a model acts with where it is not trained. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { savedTensors } from "../../compile/lower/tensor_forms.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { tensorsDigest } from "../keys/content_digests.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import { initialTensors } from "./initial_tensors.ts";

/** An edit that is evaluated without training is drawn from this seed. */
const untrainedSeed = 42;

/** Tensors in saved form, and what they depend on. */
export interface StageTensors {
  readonly tensors: TensorMap;
  readonly key: string;
}

/** The tensors that a model's adaptations start with. */
export async function untrainedTensors(model: PreparedModel, weights: ModelWeights): Promise<StageTensors> {
  const tensors = await initialTensors(model, weights, untrainedSeed);
  return { tensors: actingTensors(model, tensors), key: tensorsDigest(tensors) };
}

/** Those of a training's tensors that a model acts with. */
export function actingTensors({ full, adaptations }: PreparedModel, tensors: TensorMap): TensorMap {
  if (full !== undefined) return tensors;
  const names = adaptations.flatMap((adaptation) => {
    return Object.keys(savedTensors(adaptation)).map((name) => `${adaptation.index}.${name}`);
  });
  return Object.fromEntries(names.map((name) => [name, ownValue(tensors, name)!]));
}
