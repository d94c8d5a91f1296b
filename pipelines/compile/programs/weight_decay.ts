/** Which parameters weight decay spares where it is of weights alone. @module */
import { isBias } from "../../models/architecture/architecture.ts";
import type { CompiledModel } from "./forward.ts";

/** The names of the parameters that are biases or norms, as transformers' Trainer groups them. */
export function exemptParameters({ architecture, members, full }: CompiledModel): ReadonlySet<string> {
  const own = full ? [...architecture.weights.keys()] : [];
  return new Set([
    ...own.filter((name) => architecture.norms.has(name) || isBias(name)),
    ...members.flat().flatMap(({ index, tensors }) =>
      Object.entries(tensors).flatMap(([name, { decays }]) => decays ? [] : [`${index}.${name}`])
    ),
  ]);
}
