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

/** The weights that a prepared model needs. */
export function weightsFor(runContext: RunContext, { model, quantize, full }: PreparedModel): Promise<ModelWeights> {
  return full?.initializeFrom === undefined ? runContext.models.weights(model, quantize) : Promise.resolve(noWeights);
}
