/** Where the tensors of a training start, or of an edit that is evaluated without one. @module */
import { drawTensors, type ReadRowNorms, readTensors, type TensorMap } from "../compile/initial.ts";
import { initialWeights } from "../compile/initial_weights.ts";
import type { ModelWeights } from "../models/model.ts";
import type { PreparedModel } from "./prepare.ts";

/**
 * Tensors in saved form: of edits drawn from a seed or read from the files that they name, for full finetuning the
 * model's own weights or fresh ones.
 */
export async function initialTensors(
  { model, adaptations, initialFiles, full }: PreparedModel,
  weights: ModelWeights,
  seed: number,
): Promise<TensorMap> {
  if (full !== undefined) return await initialWeights(model, weights, full.initializeFrom);
  const drawn = await drawTensors(adaptations, seed, weights.isAbsent ? undefined : rowNormsOf(weights));
  const read = await Promise.all(initialFiles.map(({ path, of }) => readTensors(path, of)));
  return Object.assign({}, drawn, ...read) as TensorMap;
}

function rowNormsOf(weights: ModelWeights): ReadRowNorms {
  return async (name) => {
    const { shape: [rows = 0] } = weights.record(name);
    const data = await weights.read(name), columns = data.length / rows;
    return Float32Array.from({ length: rows }, (_, row) => {
      return Math.sqrt(data.subarray(row * columns, (row + 1) * columns).reduce((sum, each) => sum + each * each, 0));
    });
  };
}
