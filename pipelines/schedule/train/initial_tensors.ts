/** The initial tensors of a training, or of an edit that is evaluated without one. @module */
import { mergeValues, ownValue } from "../../../ops/program/own_value.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { drawTensors, readTensors, type StartingWeights, type TensorMap } from "../../compile/parameters/initial.ts";
import { initialWeights } from "../../compile/parameters/initial_weights.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { readTensor } from "../../models/weights/safetensors.ts";
import { requireHeadShape } from "../prepare/head_checks.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";

/**
 * Tensors in saved form: those of edits and heads are drawn from a seed or read from the files that they name; full
 * finetuning also has the model's own weights or freshly initialized ones.
 */
export async function initialTensors(
  { model, adaptations, initialFiles, full }: PreparedModel,
  weights: ModelWeights,
  seed: number,
): Promise<TensorMap> {
  const whole = full === undefined ? {} : await initialWeights(model, weights, full.initializeFrom);
  // A declared head replaces the checkpoint's.
  const own = Object.entries(whole).filter(([name]) => ownValue(headOf(adaptations)?.tensors, name) === undefined);
  const drawn = await drawTensors(adaptations, seed, weights.isAbsent ? undefined : startingWeights(weights));
  const read = await Promise.all(initialFiles.map(({ path, of }) => readTensors(path, of)));
  return mergeValues([Object.fromEntries(own), drawn, ...read]);
}

function startingWeights(weights: ModelWeights): StartingWeights {
  return {
    async rowNorms(name) {
      const { shape: [rows = 0] } = weights.record(name);
      const data = await weights.read(name), columns = data.length / rows;
      return Float32Array.from({ length: rows }, (_, row) => {
        return Math.sqrt(data.subarray(row * columns, (row + 1) * columns).reduce((sum, each) => sum + each * each, 0));
      });
    },
    ofHead(name, shape) {
      const record = weights.find(name);
      return record === undefined ? undefined : readTensor(requireHeadShape(record, shape));
    },
  };
}
