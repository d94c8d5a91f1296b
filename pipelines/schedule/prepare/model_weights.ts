/** The weights that a prepared model reads. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { StoredDtype } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedModel } from "./prepared_model.ts";

/** For full finetuning from fresh weights, which reads no weights and must not request any. */
export const noWeights: ModelWeights = {
  isAbsent: true,
  digest: "none",
  storedType: () => "float32",
  locate(name) {
    throw new TypeError(`${name} is trained and is in no file`);
  },
  record(name) {
    throw new TypeError(`${name} is trained and is in no file`);
  },
  read(name) {
    throw new TypeError(`${name} is trained and is in no file`);
  },
  find: () => undefined,
};

/**
 * The weights that a prepared model needs; edits that were trained with others are reported.
 *
 * @throws {RequestError} If they are stored in another type than the pipeline says.
 */
export async function weightsFor({ models }: RunContext, prepared: PreparedModel): Promise<ModelWeights> {
  const { model, quantize, trainedWith, full } = prepared;
  if (full?.initializeFrom !== undefined) return noWeights;
  const weights = await models.weights(model, quantize);
  requireDtype(weights, prepared);
  for (const each of trainedWith) await models.compareWeights(model, each, quantize);
  return weights;
}

function requireDtype(weights: ModelWeights, { model, dtype }: PreparedModel): void {
  if (dtype === undefined) return;
  const stored = weights.record([...model.architecture.weights.keys()][0]!).dtype;
  if (stored === dtypes[dtype.stored]) return;
  const found = Object.keys(dtypes).find((name) => ownValue(dtypes, name) === stored) ?? stored;
  throw new RequestError(
    `the weights of ${model.name} are stored in ${found}, not in ${dtype.stored}; omit dtype, or convert the model`,
    dtype.place,
  );
}

/** The types of weights by their names in safetensors files. */
const dtypes: Readonly<Record<StoredDtype, string>> = { float32: "F32", float16: "F16", bfloat16: "BF16" };
