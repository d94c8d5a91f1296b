/**
 * The weights that full finetuning starts from.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import { createRandom } from "../../data/random.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { TensorMap } from "./initial.ts";

type Shapes = Pick<Architecture, "weights" | "norms">;

/** The model's own weights, or random ones if a seed is given. */
export async function initialWeights(
  model: { readonly architecture: Shapes },
  weights: Pick<ModelWeights, "read">,
  seed?: number,
): Promise<TensorMap> {
  if (seed !== undefined) return freshWeights(model.architecture, seed);
  const tensors = [...model.architecture.weights].map(async ([name, shape]) => {
    return [name, { data: await weights.read(name), shape }] as const;
  });
  return Object.fromEntries(await Promise.all(tensors));
}

/** Normal matrices with standard deviation 0.02, norms at the identity and biases at 0, like transformers' Llama. */
function freshWeights({ weights, norms }: Shapes, seed: number): TensorMap {
  return Object.fromEntries([...weights].map(([name, shape]) => {
    const random = createRandom(seed, "weight", name);
    const fixed = norms.get(name) ?? (name.endsWith("bias") ? 0 : undefined);
    const draw = () => fixed ?? 0.02 * random.normal();
    return [name, { data: Float32Array.from({ length: elementCount(shape) }, draw), shape }];
  }));
}
