/** What a plan knows about base models' weights, without reading them. @module */
import type { Model, ModelWeights } from "../../models/open/model.ts";
import { quantizedType } from "../../models/open/quantized_weights.ts";
import { type QuantizationName, quantizations } from "../../models/weights/quantization.ts";
import { quantizedBytes, quantizedKind } from "../context/quantize.ts";
import type { RunContext } from "../context/run_context.ts";
import { noWeights } from "../prepare/model_weights.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import type { PlannedEntry } from "./plan.ts";
import type { PlannedJob } from "./plan_estimates.ts";

/** Finds what is known about a model's weights. */
export type WeightsPeeker = (stage: PreparedModel) => Promise<ModelWeights>;

/** Finds what is known about weights, once for all trainings that read them. */
export function weightsPeeker(runContext: RunContext): WeightsPeeker {
  const peeked = new Map<Model, Map<QuantizationName | undefined, ModelWeights>>();
  return async ({ model, quantize, full }) => {
    if (full?.initializeFrom !== undefined) return noWeights;
    const known = peeked.getOrInsertComputed(model, () => new Map());
    const found = known.get(quantize) ?? await runContext.models.peekWeights(model, quantize) ??
      unknownWeights(model, quantize);
    known.set(quantize, found);
    return found;
  };
}

/** Weights that were never digested; their dtype is unknown too, except for quantized models. */
function unknownWeights(model: Model, quantize: QuantizationName | undefined): ModelWeights {
  if (quantize === undefined) return noWeights;
  return { ...noWeights, storedType: quantizedType(model, noWeights.storedType, quantizations[quantize].bits) };
}

/** The quantized weights that trainings read. */
export function plannedQuantized(runContext: RunContext, jobs: readonly PlannedJob[]): readonly PlannedEntry[] {
  const quantized = jobs.filter(({ job: { stage } }) => stage.quantize !== undefined);
  const groups = Map.groupBy(quantized, ({ job: { stage } }) => {
    return JSON.stringify([stage.model.folder, quantizations[stage.quantize!].bits]);
  });
  return [...groups.values()].map((group) => {
    const { stage: { model, quantize }, weights: { codesKey: key = null } } = group[0]!.job;
    const cached = key !== null && runContext.store.has(quantizedKind, key);
    const members = group.map(({ member }) => member);
    return { kind: "quantize", members, key, cached, bytes: quantizedBytes(model, quantizations[quantize!].bits) };
  });
}
