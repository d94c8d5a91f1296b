/** The weights that a prepared model reads. @module */
import type { ModelWeights } from "../../models/open/model.ts";
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

/** The weights that a prepared model needs; edits that were trained with others are reported. */
export async function weightsFor(
  { models }: RunContext,
  { model, quantize, trainedWith, full }: PreparedModel,
): Promise<ModelWeights> {
  if (full?.initializeFrom !== undefined) return noWeights;
  const weights = await models.weights(model, quantize);
  for (const each of trainedWith) await models.compareWeights(model, each, quantize);
  return weights;
}
