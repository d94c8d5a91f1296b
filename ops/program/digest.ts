/**
 * The identity of programs across processes: a digest of a value's operation, settings, shape and operands' digests.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { exactNumbers, type Program, topologicalOrder, type Value } from "./program.ts";

const known = new WeakMap<Value, string>();

/** 64 hexadecimal digits, equal for values with identical computations. */
export function valueDigest(value: Value): string {
  const found = known.get(value);
  if (found !== undefined) return found;
  for (const step of topologicalOrder([value])) {
    if (known.has(step)) continue;
    const parts = [step.op, step.attributes, step.dtype, step.shape, step.inputs.map((operand) => known.get(operand))];
    known.set(step, createHash("sha256").update(JSON.stringify(parts, exactNumbers)).digest("hex"));
  }
  return known.get(value)!;
}

/** 64 hexadecimal digits, equal for programs whose results have the same names and the same digests. */
export function digest(program: Program): string {
  const results = Object.entries(program.outputs).map(([name, value]) => [name, valueDigest(value)]);
  return createHash("sha256").update(JSON.stringify(results)).digest("hex");
}
