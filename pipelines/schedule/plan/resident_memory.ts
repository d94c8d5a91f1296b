/** The predicted peak memory of a process. @module */
import { elementBytes } from "../../../ops/passes/cost.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";

/** The memory that a process takes before it does any work: Deno, ONNX Runtime and the compiler. */
export const ownMemory = 2.5e8;

/**
 * The memory of a process that reads a model's weights, in bytes: all of them, as if no page of the file were
 * reclaimed.
 */
export function weightsMemory(
  { stage: { model }, weights }: { readonly stage: PreparedModel; readonly weights: ModelWeights },
): number {
  const sizes = [...model.architecture.weights].map(([name, shape]) => {
    return shape.reduce((product, extent) => product * extent, elementBytes[weights.storedType(name)]);
  });
  return sizes.reduce((sum, size) => sum + size, ownMemory);
}
