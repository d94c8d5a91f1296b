/** The parameters that are exempt from weight decay of weights only. @module */
import { isBias } from "../../models/architecture/architecture.ts";
import type { CompiledModel } from "./forward.ts";

/** The names of the parameters that are biases or norms, grouped as in transformers' Trainer. */
export function exemptParameters({ architecture, members, full }: CompiledModel): ReadonlySet<string> {
  const own = full ? [...architecture.weights.keys()] : [];
  return new Set([
    ...own.filter((name) => architecture.norms.has(name) || isBias(name)),
    ...members.flat().flatMap(({ index, tensors }) =>
      Object.entries(tensors).flatMap(([name, { decays }]) => decays ? [] : [`${index}.${name}`])
    ),
  ]);
}
