/** What a process is predicted to have in memory at its peak. @module */
import { elementBytes } from "../../../ops/passes/cost.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";

/** What a process takes before it does any work: Deno, ONNX Runtime and the compiler. */
export const ownMemory = 2.5e8;

/** What a process takes that reads a model's weights, in bytes: all of them, as if none of the file were given back. */
export function weightsMemory(
  { stage: { model }, weights }: { readonly stage: PreparedModel; readonly weights: ModelWeights },
): number {
  const sizes = [...model.architecture.weights].map(([name, shape]) => {
    return shape.reduce((product, extent) => product * extent, elementBytes[weights.storedType(name)]);
  });
  return sizes.reduce((sum, size) => sum + size, ownMemory);
}
