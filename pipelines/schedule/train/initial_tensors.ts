/** The initial tensors of a training, or of an edit that is evaluated without one. @module */
import { mergeValues, ownValue } from "../../../ops/program/own_value.ts";
import { blockProjections } from "../../compile/lower/adapters.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { drawTensors, readTensors, type StartingWeights, type TensorMap } from "../../compile/parameters/initial.ts";
import { initialWeights } from "../../compile/parameters/initial_weights.ts";
import type { BareModel, ModelWeights } from "../../models/open/model.ts";
import { readTensor } from "../../models/weights/safetensors.ts";
import { requireHeadShape } from "../prepare/head_checks.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";

/**
 * Tensors in saved form: those of edits and heads are drawn from a seed or read from the files that they name; full
 * finetuning also has the model's own weights or freshly initialized ones.
 */
export async function initialTensors(
  { model, adaptations, initialFiles, full }: Pick<PreparedModel, "model" | "adaptations" | "initialFiles" | "full">,
  weights: ModelWeights,
  seed: number,
): Promise<TensorMap> {
  const whole = full === undefined ? {} : await initialWeights(model, weights, full.initializeFrom);
  // A declared head replaces the checkpoint's.
  const own = Object.entries(whole).filter(([name]) => ownValue(headOf(adaptations)?.tensors, name) === undefined);
  const drawn = await drawTensors(adaptations, seed, weights.isAbsent ? undefined : startingWeights(model, weights));
  const read = await Promise.all(initialFiles.map(({ path, of }) => readTensors(path, of)));
  return mergeValues([Object.fromEntries(own), drawn, ...read]);
}

function startingWeights({ architecture }: Pick<BareModel, "architecture">, weights: ModelWeights): StartingWeights {
  const places = blockProjections(architecture);
  return {
    async rowNorms(name) {
      // GPT-2 stores [inputs, outputs]; a row of the projection is a column there.
      const isTransposed = places.find(({ weight }) => weight === name)?.isTransposed ?? false;
      const { shape: [first = 0] } = weights.record(name);
      const data = await weights.read(name), second = data.length / first;
      const sums = new Float64Array(isTransposed ? second : first);
      data.forEach((each, at) => sums[isTransposed ? at % second : Math.floor(at / second)]! += each * each);
      return Float32Array.from(sums, Math.sqrt);
    },
    ofHead(name, shape) {
      const record = weights.find(name);
      return record === undefined ? undefined : readTensor(requireHeadShape(record, shape));
    },
  };
}
